// Where Trusted Types are enforced, the loaders of the workers' programs are the only scripts that code of the page may start.
globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL: (url) => (["worker_loader.js", "highlight_loader.js"].includes(url) ? url : undefined),
});
