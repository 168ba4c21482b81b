"""Computes with the files of an exported project what exportTrainerPytorch.test.ts computes in TypeScript.

Arguments: the project, a folder with inputs.safetensors and inputs.json, which gets outputs.safetensors, and data sets.
"""

import importlib.util
import json
import os
import sys
import types

import torch
from safetensors.torch import load_file, save_file

project, place, sheets, folders, frames, maps = sys.argv[1:]
sys.path.insert(0, project)


class Absent(types.ModuleType):
    """Stands for diffusers where it is not installed: pipeline.py names its classes, and no check here needs them."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


if importlib.util.find_spec("diffusers") is None:
    sys.modules["diffusers"] = Absent("diffusers")
    sys.modules["diffusers.schedulers"] = Absent("diffusers.schedulers")

import figment_data as data
import figment_folder as folder
import figment_training as training
from pipeline import FigmentConditioning, corrected, from_patches, grain_of

given = load_file(os.path.join(place, "inputs.safetensors"))
with open(os.path.join(place, "inputs.json"), encoding="utf-8") as file:
    options = json.load(file)
index = folder.read_json(project, "model", folder.INDEX)
configs = folder.read_configs(os.path.join(project, "model"))
out = {}

# Data sets.
tones = {"tone": ["red", "blue"]}
sets = {"sheets": index["figment"]["attributes"], "folders": tones, "frames": tones, "maps": {}}
for (name, vocabulary), path in zip(sets.items(), (sheets, folders, frames, maps)):
    found = data.read_data(path, vocabulary)
    out[f"{name}.labels"] = torch.tensor(list("\n".join(found.labels).encode())).int()
    out[f"{name}.pixels"] = found.pixels.int()
    out[f"{name}.classLabels"] = found.class_labels
    out[f"{name}.values"] = data.to_values(found.pixels.flatten(0, 1)).permute(0, 2, 3, 1)
    if vocabulary:
        out[f"{name}.attributes"] = found.attributes
pictures = data.to_values(data.read_data(sheets, {}).pixels[:, 0])[:3]
for circular in (False, True):
    moved = data.moved(pictures, given["dx"].long(), given["dy"].long(), circular)
    out[f"moved.{str(circular).lower()}"] = moved.permute(0, 2, 3, 1)
counts = training.colour_counts(data.to_values(data.read_data(sheets, {}).pixels.flatten(0, 1)))
rarity = training.colour_rarity(counts)
out["rarity"] = training.pixel_rarity(rarity, pictures)
augmented = data.augment(pictures, torch.Generator().manual_seed(1), flip=True, circular=True, permute_channels=1.0)
patches = training.to_patches(pictures, 4)
out["patches"] = patches.permute(0, 2, 3, 1)
out["unpatched"] = (from_patches(patches, 4) == pictures).all().int()[None]
out["augmented"] = augmented.permute(0, 2, 3, 1)
out["turned"] = data.turned(pictures, given["angle"], given["strength"], given["tint"]).permute(0, 2, 3, 1)
out["cropped"] = data.augment(pictures, torch.Generator().manual_seed(1), crop=8).permute(0, 2, 3, 1)
jittered = data.augment(pictures[:1].expand(200, -1, -1, -1), torch.Generator().manual_seed(1), colour_jitter=0.5)
out["jittered"] = (jittered != pictures[:1]).flatten(1).any(1).float().mean()[None]
labels = torch.tensor([0, 0, 0, 0, 0, 1, 2]).numpy()
epoch = [data.batch_indices(labels, 3, 5, step, balanced=False) for step in range(7)]
out["epochs"] = torch.tensor(epoch).flatten()
out["balanced"] = torch.tensor(labels[data.batch_indices(labels, 3000, 5, 0, balanced=True)])

# Conditioning.
config = {key: value for key, value in configs["conditioning"].items() if not key.startswith("_")}
network = FigmentConditioning(**config)
head = training.ConditionHead(len(index["labels"]), index["figment"]["attributes"], given["mean"].shape[1])
head.load_state_dict({f"linear.{name}": given[f"condition_head.{name}"] for name in ("weight", "bias")})
out["told"] = head(given["mean"][:4]).detach()
out["toldLoss"] = head.loss(given["mean"][:4], given["labels"].long().clamp(max=2), given["attributes"]).detach()[None]
prefix = "conditioning."
weights = {name[len(prefix) :]: value for name, value in given.items() if name.startswith(prefix)}
network.load_state_dict(weights)
out["conditioning"] = network(given["labels"].long(), given["attributes"]).detach()
pupil = {"step_counts": [2, 4], "guidance_scale": [1, 5]}
student = FigmentConditioning(**config, student=pupil)
student.load_state_dict({name[len("student.") :]: value for name, value in given.items() if name.startswith("student.")})
out["student"] = student(given["labels"].long(), given["attributes"], given["scales"][:4], 4).detach()
told = training.drop_conditions(
    torch.zeros(20000, dtype=torch.long), torch.zeros(20000, 2), 9, 0.2, torch.Generator().manual_seed(1)
)
out["dropped"] = torch.cat([(told[0] == 9)[:, None], told[1] < 0], dim=1).float().mean(0)
out["nothing"] = ((told[0] == 9) & (told[1] < 0).all(1)).float().mean()[None]

# Schedule, targets and losses.
for name in ("linear", "scaled_linear", "squaredcos_cap_v2"):
    out[f"alphas.{name}"] = training.alphas_cumprod({**configs["scheduler"], "beta_schedule": name})
alpha_bar = out["alphas.squaredcos_cap_v2"][given["t"].long()].view(-1, 1, 1, 1)
out["noised"] = training.noised(given["x0"], given["eps"], alpha_bar)
for kind in ("epsilon", "v_prediction", "sample"):
    target = training.prediction_target(kind, given["x0"], given["eps"], alpha_bar)
    weight = training.min_snr_weights(kind, alpha_bar, 5.0)
    out[f"target.{kind}"] = target
    out[f"weights.{kind}"] = weight.flatten()
    out[f"loss.{kind}"] = training.diffusion_loss(given["noise"], target, weight)[None]
    levels = alpha_bar, given["nextAlphaBars"].view(-1, 1, 1, 1)
    out[f"step.{kind}"] = training.ddim_step(kind, given["noise"], given["x0"], *levels)
    out[f"long.{kind}"] = training.long_step_target(kind, given["x0"], given["mean"], *levels)
out["guided"] = training.guided(torch.cat([given["x0"], given["eps"]]), given["scales"].view(-1, 1, 1, 1))
for kind in ("l1", "l2"):
    parts = training.vae_loss(given["pictures"], given["decoded"], given["mean"], given["logvar"], {**options["vae"], "reconstruction": kind}, rarity)
    out[f"vae.{kind}"] = torch.stack(parts)

# Statistics, rate and average.
statistics = training.LatentStatistics(given["mean"].shape[1])
for mean, logvar in zip(given["mean"].split(2), given["logvar"].split(2)):
    statistics.add(mean, (0.5 * logvar).exp())
mean, std = statistics.result()
out["statistics"] = torch.tensor([mean, std])
out["rates"] = torch.tensor([training.learning_rate_at(options["ddpm"], step) for step in range(0, 100, 7)])
linear = torch.nn.Linear(1, 1, bias=False)
average = training.Average(linear)
averages = []
for step in range(1, 40):
    with torch.no_grad():
        linear.weight.fill_(step)
    average.update(linear, 0.9, step)
    averages.append(average.part("")["weight"].item())
out["averages"] = torch.tensor([average.part("wei")["ght"].item(), *averages[1:]])
decays = training.optimiser_of(network, options["ddpm"]).param_groups
out["decays"] = torch.tensor([[len(group["params"]), group["weight_decay"]] for group in decays], dtype=torch.float32)

# A probe's correction.
groups = [slice(0, 3), slice(3, 5)]
probe = (given["probe.weights"], given["probe.bias"], 0.2, groups, given["probe.asked"], given["probe.margins"])
out["corrected"] = corrected(given["probe.latents"], *probe).permute(0, 2, 3, 1)

# Grain.
out["grain"] = grain_of(7, given["grain.texton"].numpy(), (5, 6)).permute(1, 2, 0)

# A model folder.
model = {name: value for name, value in given.items() if name.startswith("unet.") or name.startswith("vae.")}
parts = {part: {name[len(part) + 1 :]: value for name, value in model.items() if name.startswith(f"{part}.")} for part in ("unet", "vae")}
statistic = {"latents_mean": mean, "latents_std": std}
configs = {**configs, "vae": {**configs["vae"], **statistic}}
pipeline = os.path.join(project, "pipeline.py")
folder.write_model(os.path.join(place, "model"), index, configs, {**parts, "conditioning": weights}, pipeline)
folder.write_network(os.path.join(place, "vae"), "vae", configs["vae"], parts["vae"], index)
save_file({name: value.contiguous() for name, value in out.items()}, os.path.join(place, "outputs.safetensors"))
