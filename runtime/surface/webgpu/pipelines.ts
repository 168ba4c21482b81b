/** The compute pipelines of one module, by entry point. */
export type Pipelines<Pass extends string> = Readonly<Record<Pass, GPUComputePipeline>>;

/** Compiles a module's entry points, each once for a device however often it is asked. */
export function compileOnce<Pass extends string>(
  label: string,
  code: string,
  passes: readonly Pass[],
): (device: GPUDevice) => Promise<Pipelines<Pass>> {
  const known = new WeakMap<GPUDevice, Promise<Pipelines<Pass>>>();
  return (device) => {
    const compiled = known.get(device) ?? compile(device, label, code, passes);
    known.set(device, compiled);
    return compiled;
  };
}

async function compile<Pass extends string>(
  device: GPUDevice,
  label: string,
  code: string,
  passes: readonly Pass[],
): Promise<Pipelines<Pass>> {
  const module = device.createShaderModule({ code, label });
  const compiling = passes.map(async (entryPoint) => {
    const compute = { module, entryPoint };
    return [entryPoint, await device.createComputePipelineAsync({ compute, label, layout: 'auto' })] as const;
  });
  return Object.fromEntries(await Promise.all(compiling)) as Pipelines<Pass>;
}
