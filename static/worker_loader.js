// Starts the program of every Web Worker of the page.
const program = "./worker.js";
// Where Trusted Types are enforced, that program and further workers are the only scripts that it may start.
self.trustedTypes?.createPolicy("default", {
  createScriptURL: (url) => ([program, "worker_loader.js"].includes(url) ? url : undefined),
});
importScripts(program);
wasm_bindgen({ module_or_path: "./worker_bg.wasm" });
