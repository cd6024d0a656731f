// Starts the program that colours source code.
const program = "./highlight.js";
// Where Trusted Types are enforced, it is the only script that this worker may start.
self.trustedTypes?.createPolicy("default", {
  createScriptURL: (url) => (url === program ? url : undefined),
});
importScripts(program);
wasm_bindgen({ module_or_path: "./highlight_bg.wasm" });
