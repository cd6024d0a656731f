// Where Trusted Types are enforced, the workers' program is the only script that code of the page may start.
globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL: (url) => (url === "worker_loader.js" ? url : undefined),
});
