// The public names, along the line dataset → training → weights → recipe → sampling → surface. Nothing inside imports this file.

// Data sets: what a model learns from

export { DATASET_FILE } from './core/fileNames.ts';
export {
  type AttributeColumn,
  attributesOf,
  combinationsOf,
  encodeColumns,
  examplesOfImages,
  isWords,
  type NumberColumn,
  numberOf,
  rowsOf,
  selectColumns,
  unfilledRanges,
  vocabularyOf,
} from './dataset/attributeColumns.ts';
export { ATTRIBUTES_FILE, writeAttributes } from './dataset/attributeTable.ts';
export { AUGMENT_DEFAULTS, type AugmentOptions } from './dataset/augment.ts';
export { batchIndices } from './dataset/batches.ts';
export { type Dataset, DatasetError, MAX_IMAGE_BYTES, MAX_LABEL_LENGTH, membersOf } from './dataset/dataset.ts';
export {
  albedoOf,
  append,
  fitImages,
  framesOf,
  type ImageFormat,
  selectLabels,
  shrink,
  singleFrames,
  toldBy,
} from './dataset/derive.ts';
export { frameDifference } from './dataset/frameDifference.ts';
export { openDataset } from './dataset/openDataset.ts';
export { mapsAt, pictureAt } from './dataset/pictureAt.ts';
export type { SheetDescription } from './dataset/sheet.ts';
export { type DatasetSource, type DecodePng, decodeText, NO_TEXT } from './dataset/source.ts';
export { type DatasetSplit, splitHeldOut } from './dataset/splitHeldOut.ts';

// Training

export { type AutoEncoder, forChannels, withMaps, withoutAlpha } from './training/adaptChannels.ts';
export { adaptConditionalVae, type KnownConditionalVae } from './training/adaptConditionalVae.ts';
export { adaptConditioning, type KnownNetwork } from './training/adaptConditioning.ts';
export { decodeCheckpoint, encodeCheckpoint } from './training/checkpoint.ts';
export { conditionedShapes } from './training/conditionedNetwork.ts';
export { dataParallelGradients, type GradientWorker, serveGradients } from './training/dataParallel.ts';
export type { DistilSpec } from './training/distilTask.ts';
export { elbo, klOfImages, logLikelihood } from './training/evidenceBound.ts';
export { type FitPlacesOptions, fitPalettePlaces } from './training/fitPalettePlaces.ts';
export { FIT_PALETTE_DEFAULTS, type FitPaletteOptions, fitPalettePrior } from './training/fitPalettePrior.ts';
export { FIT_TEXTON_DEFAULTS, type FitTextonOptions, fitTexton, type TextonData } from './training/fitTexton.ts';
export type { GradientSource } from './training/gradients.ts';
export {
  type EncodeOptions,
  encodeDataset,
  type LatentDataset,
  type LatentSubjects,
  latentShape,
  latentStatistics,
  latentSubjects,
} from './training/latentDataset.ts';
export {
  type LatentEncoder,
  localEncoder,
  pixelEncoder,
  serveEncoding,
  workerEncoder,
} from './training/latentEncoder.ts';
export { configForLatentsOf, startFromTeacher } from './training/latentTeacher.ts';
export { modelContent } from './training/modelContent.ts';
export { unetOfMoreLatents, withMoreLatents } from './training/moreLatents.ts';
export { PaletteOffsets } from './training/paletteOffsets.ts';
export { lossNetworkWeights } from './training/perceptualLoss.ts';
export { nullLabelLast, relabel, withClasses } from './training/relabel.ts';
export { decoderBeside, pictureShapes, type StudentPictures } from './training/studentPictures.ts';
export { isOfTeacher } from './training/teacherWeights.ts';
export {
  CLASSIFIER_DEFAULTS,
  type ClassifierOptions,
  classifierTaskSpec,
  classifierTrainer,
  defaultClassifierConfig,
} from './training/trainClassifier.ts';
export {
  CONDITIONAL_VAE_DEFAULTS,
  type ConditionalVaeOptions,
  conditionalVaeTaskSpec,
  conditionalVaeTrainer,
  conditionalVaeTrainingShapes,
  defaultConditionalVaeConfig,
  klWeightAt,
} from './training/trainConditionalVae.ts';
export {
  DIFFUSION_DEFAULTS,
  type DiffusionOptions,
  defaultUNetConfig,
  diffusionTaskSpec,
  diffusionTrainer,
  isRolled,
  trainingScheduler,
  type UNetSizes,
} from './training/trainDiffusion.ts';
export type { Trainer, TrainerOptions, TrainerState, TrainingStep } from './training/trainer.ts';
export {
  HEIGHT_TRAINING_DEFAULTS,
  type HeightTrainingOptions,
  heightConfig,
  heightTaskSpec,
  heightTrainer,
} from './training/trainHeight.ts';
export { type TrainingIntervals, type TrainingProgress, trainingProgress } from './training/trainingProgress.ts';
export {
  defaultNoisyClassifierConfig,
  NOISY_CLASSIFIER_DEFAULTS,
  type NoisyAccuracy,
  type NoisyClassifierOptions,
  noisyAccuracy,
  noisyClassifierTaskSpec,
  noisyClassifierTrainer,
  noisyTimesteps,
} from './training/trainNoisyClassifier.ts';
export {
  PROBE_DEFAULTS,
  type ProbedModel,
  type ProbeOptions,
  type ProbeReading,
  probeOfWeights,
  probeReadings,
  probeTrainer,
} from './training/trainProbe.ts';
export {
  DISTIL_DEFAULTS,
  type DistilOptions,
  distilSpec,
  type StudentNetwork,
  splitStudent,
  studentFrom,
  studentNetwork,
  studentScheduler,
  studentTrainer,
} from './training/trainStudent.ts';
export {
  defaultVaeConfig,
  VAE_DEFAULTS,
  type VaeOptions,
  vaeTaskSpec,
  vaeTrainer,
  vaeTrainingShapes,
} from './training/trainVae.ts';
export { changeLatents, latentSpread, whitening, withLatentChange } from './training/whitenLatents.ts';

// Weights, and the folders that models are kept in

export { averageWeights } from './weights/averageWeights.ts';
export {
  type ClassifierContent,
  type ClassifierFiles,
  type ClassifierIndex,
  loadClassifierFolder,
  readClassifierFiles,
} from './weights/classifierFolder.ts';
export { classifierFolderFiles } from './weights/classifierFolderFiles.ts';
export { type DecoderFact, findDecoder, isOfDecoder } from './weights/decoderWeights.ts';
export { fetchFile } from './weights/fetchFile.ts';
export {
  holdDecoderAlone,
  type LoadModelFolderOptions,
  loadModelFolder,
  readModelFiles,
} from './weights/modelFolder.ts';
export { type ModelFolderFilesOptions, modelFolderFiles } from './weights/modelFolderFiles.ts';
export { FIGMENT_DEFAULTS, type FigmentEntry, type ModelIndex, parseConfig } from './weights/modelIndex.ts';
export { type ModelContent, type ModelFiles, type ModelPart, PAINTING_PARTS } from './weights/modelParts.ts';
export {
  type ModelSource,
  maxBytesOf,
  memorySource,
  type OnProgress,
  type ReadOptions,
} from './weights/modelSource.ts';
export { parseSafetensors, type StoredTensor } from './weights/safetensors.ts';
export { nchwToNhwc, nhwcToNchw } from './weights/tensorLayout.ts';
export { type UrlSourceOptions, urlSource } from './weights/urlSource.ts';
export { checkWeights, numElements, type WeightTensor } from './weights/weightTensor.ts';
export { writeSafetensors } from './weights/writeSafetensors.ts';

// Networks

export {
  autoencoderKlShapes,
  decode,
  encode,
  planAutoencoder,
} from './networks/autoencoderKl.ts';
export {
  type AutoencoderKlConfig,
  formatAutoencoderKlConfig,
  parseAutoencoderKlConfig,
  pixelChannels,
  pixelsPerLatent,
} from './networks/autoencoderKlConfig.ts';
export { type ClassifierConfig, classifierShapes, numFeatures, parseClassifierConfig } from './networks/classifier.ts';
export {
  type ConditionalVaeConfig,
  conditionalVaeShapes,
  decodeWithLabels,
  encodeWithLabels,
  parseConditionalVaeConfig,
} from './networks/conditionalVae.ts';
export {
  CONDITIONING_WEIGHTS,
  type Conditions,
  conditioningShapes,
  conditioningVectors,
  numericFrequencies,
} from './networks/conditioning.ts';
export {
  attributeKinds,
  type ConditioningConfig,
  conditioningConfig,
  parseConditioningConfig,
  type StudentConfig,
} from './networks/conditioningConfig.ts';
export { initialWeights } from './networks/initialWeights.ts';
export { sampleLatents } from './networks/latentDistribution.ts';
export {
  type LatentStatistics,
  pixelStatistics,
  scaleLatents,
  statisticsOfConfig,
  unscaleLatents,
} from './networks/latentScaling.ts';
export type { Shapes, Weights } from './networks/layers.ts';
export {
  type NoisyClassifierConfig,
  noisyClassifierShapes,
  parseNoisyClassifierConfig,
} from './networks/noisyClassifier.ts';
export { POSITION_EMBEDDING, planUNet2D, unet2d, unet2dShapes } from './networks/unet2d.ts';
export { formatUNet2DConfig, parseUNet2DConfig, type UNet2DConfig } from './networks/unet2dConfig.ts';
export { timeChannels, timestepFrequencies, type UNet2DCondition } from './networks/unet2dEmbedding.ts';
export { downloadWeights, uploadWeights } from './networks/uploadWeights.ts';

// Diffusion: noise schedules and samplers

export {
  classifierGuided,
  isClassifierGuided,
} from './diffusion/classifierGuidance.ts';
export { posterior, qSample, vTarget } from './diffusion/forward.ts';
export {
  type DenoisingModel,
  GUIDANCE_DEFAULTS,
  type GuidanceOptions,
  guidedPrediction,
  guidedPredictionInSlices,
  type SlicedDenoisingModel,
} from './diffusion/guidance.ts';
export { createSampler, samplerForConfig } from './diffusion/sampler.ts';
export type { Sampler, SamplerOptions, SamplerStep } from './diffusion/samplerType.ts';
export { createSchedule, type Schedule } from './diffusion/schedule.ts';
export {
  formatSchedulerConfig,
  type PredictionType,
  parseSchedulerConfig,
  type SchedulerConfig,
} from './diffusion/schedulerConfig.ts';
export { slerp } from './diffusion/slerp.ts';
export { timesteps } from './diffusion/timesteps.ts';

// Recipes: what is asked for

export { attributesOfLabel } from './recipe/attributesOfLabel.ts';
export { encodeEdit, type PictureBytes } from './recipe/bytes.ts';
export {
  changeRecipe,
  recipeEntries,
  shortRecipe,
  variedBy,
  varyRecipe,
  withoutDefaults,
} from './recipe/change.ts';
export {
  checkRecipe,
  completeRecipe,
  mixesLabels,
  randomSeed,
  withLabelAndSeed,
} from './recipe/complete.ts';
export { CLASSIFIER_SCALE_DEFAULT, EDIT_DEFAULTS, REFINE_STRENGTH, usualStrength } from './recipe/defaults.ts';
export { type ImageSize, imageSize } from './recipe/imageSize.ts';
export { batchKey, recipeKey, samplingKey } from './recipe/keys.ts';
export { indexOfLabel } from './recipe/label.ts';
export type { AttributeName, ModelWords, ShownAttributes, ValueOfAttribute } from './recipe/modelWords.ts';
export { needsEncoder } from './recipe/needsEncoder.ts';
export { PICTURE_VERSION } from './recipe/pictureVersion.ts';
export { RecipeError, type RecipeProblem } from './recipe/problems.ts';
export {
  type Interpolation,
  type KnownClassifiers,
  type LabelBlend,
  PIPELINE_NAMES,
  type PictureEditOptions,
  type PictureOptions,
  type PipelineName,
  type Recipe,
  type RecipeChanges,
  type RecipeModel,
  type RecipeOptions,
  type SamplingOptions,
  type Steering,
} from './recipe/recipe.ts';
export { RECIPE_KEYS } from './recipe/schema.ts';
export { entryForTeacher, recipeForTeacher, sampleDefaultsFor } from './recipe/student.ts';

// Sampling: from a recipe to a picture

export {
  assertPictures,
  decodeLatents,
  decodeLatentsInSlices,
  encodePixelsInSlices,
  type GeneratedPicture,
  type ImageTensor,
  imagesToPictures,
  imagesToPixels,
  latentTensor,
  pixelsToImages,
} from './sampling/autoencoder.ts';
export { conditionInSlices, rowOfLabel, rowsOfCondition } from './sampling/batchCondition.ts';
export type { Classifiers } from './sampling/classifierGuide.ts';
export type { Networks, SampleOptions } from './sampling/completeAll.ts';
export { type ConditionalVae, type CvaeNetwork, createConditionalVae } from './sampling/conditionalVae.ts';
export { attributesOfRecipe } from './sampling/decidedAttributes.ts';
export { numStepsAt } from './sampling/edit.ts';
export type { Elsewhere } from './sampling/elsewhere.ts';
export { addEncoder, hasEncoder } from './sampling/encoder.ts';
export { coloursOfRecipe, finishedPicture } from './sampling/finishedPicture.ts';
export {
  type GenerateCallbacks,
  type GenerateOptions,
  generate,
  generatePictures,
  generateRecipes,
} from './sampling/generate.ts';
export { type ImageRun, type ImageStep, imagesInSlices } from './sampling/images.ts';
export { createModel, type DiffusionModel } from './sampling/model.ts';
export { type ModelInfo, modelInfo, pipelinesOf, recipeModel } from './sampling/modelInfo.ts';
export { modelNotes } from './sampling/modelNotes.ts';
export { diffusionModelFor } from './sampling/networkFor.ts';
export { createNoisyClassifier, type NoisyClassifier } from './sampling/noisyClassifier.ts';
export { sample, sampleRecipesInSlices } from './sampling/sample.ts';
export type { SampleStep } from './sampling/samplingPlan.ts';
export { createTeacher } from './sampling/teacher.ts';
export { type TexelImage, texelImages } from './sampling/texelImages.ts';

// Surfaces: the maps of a material, and pixel art

export { ambientOcclusionMap, OCCLUSION_DEFAULTS, type OcclusionOptions } from './surface/ambientOcclusion.ts';
export { CAVITY_DEFAULTS, type CavityOptions, cavityMap } from './surface/cavity.ts';
export type { PictureColours } from './surface/expectedColours.ts';
export { HEIGHT_DEFAULTS, type HeightOptions, heightMap, luma } from './surface/height.ts';
export {
  enlargedSettings,
  GENERIC_MATERIAL,
  MATERIAL_LABELS,
  type MaterialSettings,
  materialSettings,
} from './surface/materialSettings.ts';
export {
  METALLIC_DEFAULTS,
  type MetallicOptions,
  metallicMap,
  ROUGHNESS_DEFAULTS,
  type RoughnessOptions,
  roughnessMap,
} from './surface/metallicRoughness.ts';
export { NORMAL_DEFAULTS, type NormalGreen, type NormalOptions, normalMap } from './surface/normals.ts';
export { ownPalette } from './surface/ownPalette.ts';
export { PALETTE_DEFAULTS, type PaletteOptions, snapToPalette } from './surface/palette.ts';
export {
  PIXEL_ART_DEFAULTS,
  PIXEL_ART_SCALE_DEFAULTS,
  type PixelArtOptions,
  type PixelArtScaleOptions,
  pixelArt,
  scalePixelArt,
} from './surface/pixelArt.ts';
export type { Plane, SurfaceMap } from './surface/plane.ts';
export {
  type SurfaceMaps,
  type SurfaceOptions,
  surfaceMaps,
  surfaceMapsInSlices,
  surfaceSettings,
} from './surface/surfaceMaps.ts';
export {
  type PixelArtTexelsOptions,
  preparePixelArtTexels,
  writePixelArtTexels,
} from './surface/webgpu/pixelArtTexels.ts';
export { prepareSurfaceTexels, type SurfaceTargets, writeSurfaceTexels } from './surface/webgpu/surfaceTexels.ts';

// Evaluation

export {
  type Accuracy,
  accuracyOf,
  attributeAccuracy,
  rankCorrelation,
} from './evaluation/accuracy.ts';
export {
  ATTRIBUTE_SHEET_DEFAULTS,
  type AttributeSheetOptions,
  attributeSheet,
  drawExamples,
  type LabelledPicture,
} from './evaluation/attributeSheet.ts';
export { classifyImages, type Judgement } from './evaluation/classifyImages.ts';
export { colourDrift, type FrameAgreement, frameAgreement, shownAttributes } from './evaluation/frameConsistency.ts';
export { type HeightGuesser, heightError } from './evaluation/heightError.ts';
export {
  datasetOfPictures,
  drawPerClass,
  type ImageSet,
  imagesOfClass,
  imagesOfDataset,
  imagesOfPixels,
  smallestClass,
} from './evaluation/imageSet.ts';
export { type NearestDistance, nearestDistance } from './evaluation/nearest.ts';
export { type Reconstructed, reconstruct } from './evaluation/reconstruction.ts';
export { movedSeamRatio, seamRatio } from './evaluation/seam.ts';
export {
  cvaeReconstructionSheet,
  cvaeSheet,
  type LiveVae,
  reconstructionSheet,
  SAMPLE_SHEET_DEFAULTS,
  type SampleSheetOptions,
  sampleSheet,
} from './evaluation/sheets.ts';
export { spreadPerClass } from './evaluation/spread.ts';

// Verification

export {
  type Deviation,
  type NetworkFolder,
  type PipelineCase,
  runPipelineCase,
  runSchedulerCase,
  runUNetCase,
  runVaeCase,
  type SchedulerCase,
} from './verify/cases.ts';

// Words, numbers and pixels that all of the above share

export {
  type Atlas,
  composeAtlas,
  footPivot,
  type Pivot,
  type SheetLayout,
  type SheetTile,
  sheetColumns,
  squareColumns,
} from './core/atlas.ts';
export { type AttributeExamples, MAX_EXAMPLE_LABELS } from './core/attributeExamples.ts';
export {
  ANY_WORD,
  type Attributes,
  type AttributeValues,
  attributeProblem,
  decodeAttributes,
  encodeAttributes,
  isOpen,
  isRange,
  type NumberRange,
  type Vocabulary,
} from './core/attributes.ts';
export { toBase64 } from './core/base64.ts';
export { channelNames, MATERIAL_CHANNELS } from './core/channelNames.ts';
export { composeSheet } from './core/composeSheet.ts';
export { atop, blend } from './core/composite.ts';
export { decideAttributes } from './core/decideAttributes.ts';
export { definedOf } from './core/definedOf.ts';
export { MissingFileError, ModelFileError, messageOf, quote } from './core/errors.ts';
export { evenlySpread } from './core/evenlySpread.ts';
export { INDEX_FILE } from './core/fileNames.ts';
export { fingerprint } from './core/fingerprint.ts';
export { animationsOf, type Frame, type FrameAnimation, numFramesOf, parseFrames, swapAxes } from './core/frames.ts';
export { formatGrain, type Grain } from './core/grain.ts';
export { formatProbe, type LinearProbe } from './core/linearProbe.ts';
export { listed } from './core/listed.ts';
export { nearestWord } from './core/nearestWord.ts';
export { PACKAGED_MODELS } from './core/packagedModels.ts';
export { formatPalette, type PalettePrior } from './core/palettePrior.ts';
export {
  type NumChannels,
  type NumValues,
  type PixelImage,
  type ToPixelsOptions,
  takeChannels,
  toPixels,
  toPremultiplied,
} from './core/pixels.ts';
export { isPng } from './core/pngHeader.ts';
export { assertSeed, integers, MAX_SEED, nextSeed, normals, permutation, uniforms } from './core/random.ts';
export type { SampleDefaults, StudentFacts } from './core/sampleDefaults.ts';
export { SAMPLER_NAMES, type SamplerName } from './core/samplingBounds.ts';
export { scaleNearest, scaleSheet } from './core/scaleNearest.ts';
export { nextValue, type Pace, type PacedRun, resultOf, stepsAndResult } from './core/slices.ts';
export { SAMPLING_STREAMS, SPLIT_STREAMS, streamAt } from './core/streams.ts';

// Kernels that the plugin calls itself

export { tuneRecordings } from './kernels/plan/recordings.ts';
export { readTexels, uploadTexels, type WriteTexelsOptions, writeTexels } from './kernels/texels.ts';
export { compilationDone, compileOnly, submitKernels } from './kernels/webgpu/commands.ts';

// Backends of TensorFlow.js

export { type BackendChoice, type BackendName, type BackendOptions, selectBackend } from './backends/selectBackend.ts';
export { registerSteeringKernels } from './backends/steeringKernels.ts';
export { useWasm, type WasmOptions, type WasmPaths } from './backends/wasm.ts';
export { adapterName, isSoftwareAdapter, useWebgpuDevice } from './backends/webgpu.ts';
