/** RGBA bytes of an rgba8unorm texture, row 0 first; destroys it. */
export async function readTexture(device: GPUDevice, texture: GPUTexture): Promise<Uint8Array> {
  const { width, height } = texture;
  const bytesPerRow = Math.ceil((4 * width) / 256) * 256;
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
  const buffer = device.createBuffer({ size: bytesPerRow * height, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyTextureToBuffer({ texture }, { buffer, bytesPerRow }, [width, height]);
  device.queue.submit([encoder.finish()]);
  await buffer.mapAsync(GPUMapMode.READ);
  const padded = new Uint8Array(buffer.getMappedRange());
  const rows = Array.from({ length: height }, (_, y) => [
    ...padded.subarray(y * bytesPerRow, y * bytesPerRow + 4 * width),
  ]);
  buffer.destroy();
  texture.destroy();
  return Uint8Array.from(rows.flat());
}
