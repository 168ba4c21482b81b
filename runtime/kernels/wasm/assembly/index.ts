export { conv2d, conv2dGradFilter, dilate2d, foldRim, pad2d } from './conv2d';
export { packFilter, packFilterTransposed, packPixels } from './panels';
export { attention, attentionGrad } from './attention';
export { adamW, silu, siluGrad, sumRows, upsample2x, upsample2xGrad } from './elementwise';
export { groupNorm, groupNormGrad } from './groupNorm';
export { winogradConv2d, winogradFilter, winogradGradFilter } from './winograd';
export { winogradDoubledConv2d, winogradDoubledFilter } from './winogradDoubled';
export { copyRows, finishRows, pointwise, swapRows } from './rows';
