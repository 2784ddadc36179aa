await new Promise((resolve) => setTimeout(resolve, 3000).unref())
export default { fetch: () => new Response('late') }
