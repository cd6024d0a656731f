// Starts the program of every Web Worker of the page.
import start from "./worker.js";
// Where Trusted Types are enforced, further workers are the only scripts that it may start.
self.trustedTypes?.createPolicy("default", {
  createScriptURL: (url) => (url === "worker_loader.js" ? url : undefined),
});
start({ module_or_path: new URL("./worker_bg.wasm", import.meta.url) });
