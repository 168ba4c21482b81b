"""Records what diffusers computes with a model, in its folder: the case that `figment verify FOLDER` checks.

    python make_case.py runs/ddpm
"""

import argparse
import json
import os

import torch
from diffusers import DiffusionPipeline
from safetensors.torch import save

from figment_folder import read_json, write_files

SEED, STEPS, PICTURES = 7, 5, 3


def main():
    parser = argparse.ArgumentParser(description="Records a case for figment verify.")
    parser.add_argument("folder", help="a model folder")
    folder = parser.parse_args().folder
    pipe = DiffusionPipeline.from_pretrained(folder, custom_pipeline=os.path.abspath(folder), trust_remote_code=True)
    if type(pipe.scheduler).__name__ != "DDIMScheduler":
        raise SystemExit("make_case: the model's scheduler is none of DDIM, by which cases are recorded; save it with that")
    case, tensors = record(pipe, read_json(folder, "model_index.json"))
    data = save({name: tensor.contiguous().cpu() for name, tensor in tensors.items()})
    write_files(folder, {"case.safetensors": data, "case.json": (json.dumps(case, indent=2) + "\n").encode()})
    print(f"make_case: {PICTURES} pictures in {case['num_inference_steps']} steps; now: figment verify {folder}")


def record(pipe, index):
    """The case and its tensors: pictures of several labels and attributes, from noise to pixels by DDIM with guidance; of a
    distilled model by its student."""
    draws = torch.Generator().manual_seed(SEED)
    vocabulary = index["figment"].get("attributes", {})
    labels = [index["labels"][i % len(index["labels"])] for i in range(PICTURES)]
    asked = [_asked(vocabulary, draws, known=i > 0) for i in range(PICTURES)]
    latents = torch.randn(PICTURES, *pipe._latent_shape(), generator=draws)
    scale = 2.0 if pipe.null_label is not None else 1.0
    steps = max(index["figment"].get("student", {}).get("stepCounts", [STEPS]))
    common = {"seed": 0, "sampler": "ddim", "num_inference_steps": steps, "guidance_scale": scale, "latents": latents}
    result = pipe(labels, asked, output_type="latent", **common).images
    with torch.no_grad():
        image = pipe._decode(result)
    pipe.scheduler.set_timesteps(steps)
    tensors = {"latents": latents, "latents_out": result, "image": image}
    if pipe.unet.config.class_embed_type == "identity":
        tensors["class_labels"] = torch.tensor([index["labels"].index(label) for label in labels])
        if vocabulary:
            tensors["attributes"] = torch.tensor([pipe._values(one) for one in asked])
    elif pipe.unet.config.num_class_embeds is not None:
        tensors["class_labels"] = pipe._conditions(labels, asked)[:PICTURES]
    return {
        "num_inference_steps": steps,
        "guidance_scale": scale,
        "null_label": pipe.null_label,
        "timesteps": pipe.scheduler.timesteps.tolist(),
    }, tensors


def _asked(vocabulary, draws, known):
    """Attributes at random, or none."""
    if not known:
        return {}
    asked = {}
    for name, values in vocabulary.items():
        draw = torch.rand(1, generator=draws).item()
        if isinstance(values, dict):
            asked[name] = values["min"] + draw * (values["max"] - values["min"])
        else:
            asked[name] = values[int(draw * len(values))]
    return asked


if __name__ == "__main__":
    main()
