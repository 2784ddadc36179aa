export default (request) => new Response(`plain ${request.method}`)
