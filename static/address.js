// Says before the first paint what the address is that of, so that the document shows what the page will: the start, an
// image or a list, or one view in a frame, which has no header.
const query = new URLSearchParams(location.search);
const framed = query.has("embed");
const begins = !framed && !query.get("image") && !query.get("url") && /^#?\/?$/.test(location.hash);
document.documentElement.dataset.address = begins ? "start" : "elsewhere";
if (framed) document.documentElement.dataset.embed = "";
