// Runs in a page before its own scripts: twenty frames a second at most, of which WebGL draws one in twenty.
let numFrames = 0;
const drawAtOnce = globalThis.requestAnimationFrame;
globalThis.requestAnimationFrame = (draw) => setTimeout(() => drawAtOnce(draw), 33);
globalThis.cancelAnimationFrame = clearTimeout;

requestAnimationFrame(function count() {
  numFrames++;
  requestAnimationFrame(count);
});

for (const name of ['clear', 'drawArrays', 'drawArraysInstanced', 'drawElements', 'drawElementsInstanced']) {
  const draw = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...values) {
    if (numFrames % 20 === 0) draw.apply(this, values);
  };
}
