// tfjs's WebGPU backend with the kernels that generating takes, and no others: a page downloads half as much. Node, whose copy of
// tfjs is one file, has them all (see `imports` in package.json); training registers all of them by `registerAllWebgpuKernels`, and
// what steering takes is registered by `registerSteeringKernels`.

import { addConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Add.js';
import { batchMatMulConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/BatchMatMul.js';
import { castConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Cast.js';
import { clipByValueConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/ClipByValue.js';
import { concatConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Concat.js';
import { conv2DConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Conv2D.js';
import { expConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Exp.js';
import { expandDimsConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/ExpandDims.js';
import { fillConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Fill.js';
import { fusedConv2DConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/FusedConv2D.js';
import { greaterConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Greater.js';
import { identityConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Identity.js';
import { logConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Log.js';
import { maxConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Max.js';
import { maximumConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Maximum.js';
import { meanConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Mean.js';
import { minimumConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Minimum.js';
import { multiplyConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Multiply.js';
import { onesLikeConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/OnesLike.js';
import { realDivConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/RealDiv.js';
import { reshapeConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Reshape.js';
import { selectConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Select.js';
import { sliceConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Slice.js';
import { softmaxConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Softmax.js';
import { sqrtConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Sqrt.js';
import { squareConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Square.js';
import { subConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Sub.js';
import { sumConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Sum.js';
import { tileConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Tile.js';
import { transposeConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Transpose.js';
import { zerosLikeConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/ZerosLike.js';
import { getKernel, type KernelConfig, registerKernel } from '@tensorflow/tfjs-core';

export { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu/dist/base.js';

const CONFIGS: KernelConfig[] = [
  addConfig,
  batchMatMulConfig,
  castConfig,
  clipByValueConfig,
  concatConfig,
  conv2DConfig,
  expConfig,
  expandDimsConfig,
  fillConfig,
  fusedConv2DConfig,
  greaterConfig,
  identityConfig,
  logConfig,
  maxConfig,
  maximumConfig,
  meanConfig,
  minimumConfig,
  multiplyConfig,
  onesLikeConfig,
  realDivConfig,
  reshapeConfig,
  selectConfig,
  sliceConfig,
  softmaxConfig,
  sqrtConfig,
  squareConfig,
  subConfig,
  sumConfig,
  tileConfig,
  transposeConfig,
  zerosLikeConfig,
];

for (const config of CONFIGS) if (!getKernel(config.kernelName, 'webgpu')) registerKernel(config);
