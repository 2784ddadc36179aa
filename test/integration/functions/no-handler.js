export const fetch = () => new Response('not the default export')
