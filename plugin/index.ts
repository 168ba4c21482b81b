// The public names of the plugin. Importing them has no effect until one is called.
export {
  type Atlas,
  type AttributeName,
  type Attributes,
  type AttributeValues,
  type BackendChoice,
  changeRecipe,
  checkRecipe,
  encodeEdit,
  footPivot,
  type Interpolation,
  type LabelBlend,
  MissingFileError,
  ModelFileError,
  type ModelInfo,
  type ModelWords,
  type OnProgress,
  PIPELINE_NAMES,
  type PictureBytes,
  type PictureEditOptions,
  type PipelineName,
  type Pivot,
  type Recipe,
  type RecipeChanges,
  RecipeError,
  type RecipeOptions,
  type RecipeProblem,
  type ShownAttributes,
  type Steering,
  type ValueOfAttribute,
  type Vocabulary,
  varyRecipe,
} from '../runtime/index.ts';
export { AssetGenerator, type AssetGeneratorOptions } from './assetGenerator.ts';
export { CreateEngineAsync, type CreateEngineOptions, describeDevice } from './device.ts';
export type { GenerateMaterialOptions, GenerateSetOptions, GenerateTextureOptions } from './generateOptions.ts';
export type { Latents } from './latents.ts';
export type { ClassifierInfo } from './loading/classifiers.ts';
export type { LoadOptions, ModelLocation, ModelPackage } from './loading/loadModelBytes.ts';
export { createGeneratedMaterial } from './material/generatedMaterial.ts';
export { HashTiling, type HashTilingOptions, type TiledSurface } from './material/hashTiling.ts';
export {
  RegisterSurfaceMaterial,
  type SavedSurfaceMaterial,
  SurfaceMaterial,
  type SurfaceMaterialOptions,
  type SurfaceSettings,
} from './material/surfaceMaterial.ts';
export {
  type CharacterChange,
  type CharacterNow,
  type CharacterRequest,
  type CharacterSheet,
  characterChanges,
  characterRequests,
} from './npc/characterSheet.ts';
export { createNpcAsync, type Npc, type NpcGenerators, type NpcOptions } from './npc/createNpc.ts';
export type { Compute } from './painting/createPainter.ts';
export type { GuidanceTrace } from './painting/traceGuidance.ts';
export type { PictureSource } from './pictureSource.ts';
export type { GenerationProgress, RegenerateOptions, RequestOptions, Waiting } from './request.ts';
export { scheduleOf, type VisitedSchedule } from './schedule.ts';
export type { CellProgress } from './sprite/cellPainter.ts';
export type { SpritesOptions } from './sprite/cells.ts';
export { GeneratedSheet, RegisterGeneratedSheet } from './sprite/generatedSheet.ts';
export type { GeneratedSprite, PlayOptions } from './sprite/generatedSprite.ts';
export type { GeneratedSprites, PackedSprites } from './sprite/generatedSprites.ts';
export { restoreSpritesAsync } from './sprite/restoreSprites.ts';
export type { SavedGeneratedSheet } from './sprite/sheetLayout.ts';
export {
  GeneratedTexture,
  RegisterGeneratedTexture,
} from './texture/generatedTexture.ts';
export { addGeneratedTextureTask, GeneratedTextureTask } from './texture/generatedTextureTask.ts';
export { type LoadedModel, loadedModels } from './texture/loadedModels.ts';
export type { SceneFileOptions } from './texture/sceneModels.ts';
export type { PictureTarget } from './texture/texelTexture.ts';
export type { LookOptions, PixelArtLook, SavedGeneratedTexture, TextureLook } from './texture/textureLook.ts';
