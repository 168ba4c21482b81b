// How the files of model folders, which diffusers has named, and of data sets are called.

/** What a model is made of, and what Figment knows of it. */
export const INDEX_FILE = 'model_index.json';

/** The config of a network, in its folder. */
export const CONFIG_FILE = 'config.json';

/** The weights of a network, in its folder. */
export const WEIGHTS_FILE = 'diffusion_pytorch_model.safetensors';

/** The weights of a model's auto-encoder: those of its decoder, which is all that is fetched to make pictures, come first. */
export const VAE_WEIGHTS_FILE = `vae/${WEIGHTS_FILE}`;

/** What a data set has, where its pictures are not simply PNG files in a folder for each class. */
export const DATASET_FILE = 'dataset.json';
