"""Trains a model of Figment on any number of GPUs and machines: see README.md.

    accelerate launch train.py vae       # the auto-encoder
    accelerate launch train.py ddpm      # the diffusion model on its latents, conditioned on label and attributes
    accelerate launch train.py distil    # a student of it, which guides itself and takes few steps
"""

import argparse
import json
import os

import numpy as np
import torch
from accelerate import Accelerator
from diffusers import AutoencoderKL, UNet2DModel
from safetensors.torch import load_file

from figment_data import ANY, augment, batch_indices, read_data, to_values
from figment_folder import INDEX, WEIGHTS, read_configs, read_json, write_files, write_model, write_network
from figment_loop import run
from figment_training import (
    ConditionHead,
    LatentStatistics,
    alphas_cumprod,
    colour_counts,
    colour_rarity,
    ddim_step,
    diffusion_loss,
    drop_conditions,
    guided,
    long_step_target,
    min_snr_weights,
    noised,
    prediction_target,
    to_patches,
    vae_loss,
)
from pipeline import FigmentConditioning, make_circular

HERE = os.path.dirname(os.path.abspath(__file__))


class Project:
    """What a stage trains, on what data, and where it writes to."""

    def __init__(self, stage, data, runs):
        everything = read_json(HERE, "training.json")
        self.options = {**{key: value for key, value in everything.items() if not isinstance(value, dict)}, **everything[stage]}
        self.index = read_json(HERE, "model", INDEX)
        self.configs = read_configs(os.path.join(HERE, "model"))
        self.figment = self.index["figment"]
        self.circular = self.figment["circularPadding"]
        self.runs = runs
        self.out = os.path.join(runs, stage)
        torch.manual_seed(self.options["seed"])  # of the weights that networks begin with
        self.accelerator = Accelerator(gradient_accumulation_steps=self.options.get("accumulation", 1))
        self.data = read_data(data or os.path.join(HERE, self.options["data"]), self.figment.get("attributes", {}))
        self.frames = len(self.figment.get("frames", [None]))
        channels = self.figment["channels"]
        size = (self.figment["heightPx"], self.figment["widthPx"] // self.frames)
        expected = (self.index["labels"], (self.frames, *size, channels if isinstance(channels, int) else len(channels)))
        found = (self.data.labels, tuple(self.data.pixels.shape[1:]))
        if found != expected:
            raise SystemExit(f"train: the data have {found}, but model/{INDEX} says {expected}; export the project again")

    def pictures(self, step, part):
        """The places of the pictures that this process sees in a part of a step, and its random numbers there."""
        world, parts = self.accelerator.num_processes, self.accelerator.gradient_accumulation_steps
        size = self.options["batchSize"]
        if size % (world * parts) != 0:
            raise SystemExit(f"train: batchSize {size} cannot be shared by {world} processes in {parts} parts")
        chosen = batch_indices(self.data.class_labels.numpy(), size, self.options["seed"], step, self.options["balanced"])
        mine = torch.from_numpy(chosen.reshape(parts, world, -1)[part, self.accelerator.process_index])
        return mine, self.generator(step, part, self.accelerator.process_index)

    def generator(self, *place):
        seed = np.random.SeedSequence([self.options["seed"], *place]).generate_state(1, np.uint64)[0]
        return torch.Generator(self.accelerator.device).manual_seed(int(seed >> np.uint64(1)))

    def values(self, chosen, frame=None):
        """Pictures as training values, one frame of each, (B, C, H, W), or all of them, (B · frames, C, H, W)."""
        pixels = self.data.pixels[chosen].flatten(0, 1) if frame is None else self.data.pixels[chosen, frame]
        return to_values(pixels.to(self.accelerator.device))


class VaeTask(torch.nn.Module):
    """An auto-encoder (Kingma & Welling 2014; the latents are those of Rombach et al. 2022)."""

    def __init__(self, vae, options, rarity, head):
        super().__init__()
        self.vae = vae
        self.options = options
        self.head = head
        self.register_buffer("rarity", rarity, persistent=False)

    def forward(self, x, noise, labels, attributes):
        posterior = self.vae.encode(x).latent_dist
        mean, logvar = posterior.mean.float(), posterior.logvar.float()
        z = mean + (0.5 * logvar).exp() * noise
        loss, error, kl = vae_loss(x, self.vae.decode(z).sample, mean, logvar, self.options, self.rarity)
        metrics = {self.options["reconstruction"]: error.detach(), "kl": kl.detach()}
        if self.head is None:
            return loss, metrics
        told = self.head.loss(z, labels, attributes)
        return loss + self.options["conditionWeight"] * told, {**metrics, "conditions": told.detach()}


def train_vae(project):
    options, device = project.options, project.accelerator.device
    config = project.configs["vae"]
    vae = AutoencoderKL.from_config(config)
    if project.circular:
        make_circular(vae)
    factor = 2 ** (len(config["block_out_channels"]) - 1)

    def batch(step, part):
        chosen, generator = project.pictures(step, part)
        names = {"shift": "shiftPx", "permute_channels": "permuteChannels", "colour_jitter": "colourJitter", "crop": "cropPx"}
        altered = {name: options[option] for name, option in names.items()}
        frame = torch.randint(project.frames, (len(chosen),), device=device, generator=generator).cpu()
        x = augment(project.values(chosen, frame), generator, options["flip"], circular=project.circular, **altered)
        size = (len(chosen), config["latent_channels"], x.shape[2] // factor, x.shape[3] // factor)
        known = project.data.class_labels[chosen].to(device), project.data.attributes[chosen].to(device)
        return x, torch.randn(size, device=device, generator=generator), *known

    def save(average):
        write_network(project.out, "vae", config, average.part("vae."), project.index)

    rarity = _rarity(project) if options["rareColourWeight"] > 0 else None
    told = len(project.index["labels"]), project.figment.get("attributes", {})
    head = ConditionHead(*told, config["latent_channels"]) if options["conditionWeight"] > 0 else None
    run(project, VaeTask(vae, options, rarity, head), batch, save)


def _rarity(project):
    size, count = project.options["batchSize"], len(project.data.pixels)
    parts = (torch.arange(start, min(start + size, count)) for start in range(0, count, size))
    return colour_rarity(sum(colour_counts(project.values(chosen)) for chosen in parts))


class DdpmTask(torch.nn.Module):
    """A U-Net and what tells it of label and attributes; they learn as one (Ho et al. 2020, algorithm 1)."""

    def __init__(self, unet, conditioning, scheduler, gamma):
        super().__init__()
        self.unet = unet
        self.conditioning = conditioning
        self.prediction_type = scheduler["prediction_type"]
        self.gamma = gamma
        self.register_buffer("alphas", alphas_cumprod(scheduler), persistent=False)

    def forward(self, x0, eps, t, labels, attributes):
        alpha_bar = self.alphas[t].view(-1, 1, 1, 1)
        prediction = self.unet(noised(x0, eps, alpha_bar), t, class_labels=self.conditioning(labels, attributes)).sample
        target = prediction_target(self.prediction_type, x0, eps, alpha_bar)
        weights = None if self.gamma is None else min_snr_weights(self.prediction_type, alpha_bar, self.gamma)
        return diffusion_loss(prediction, target, weights), {}


class Latents:
    """The auto-encoder that has been trained, and what its latents are standardised by."""

    def __init__(self, project, folder, statistics=None):
        """statistics: mean and deviation of each channel; by default they are computed"""
        self.project = project
        self.config = read_configs(folder).get("vae")
        if self.config is None:
            raise SystemExit(f"train: {folder} has no auto-encoder; train one first: train.py vae")
        self.vae = AutoencoderKL.from_pretrained(os.path.join(folder, "vae"), torch_dtype=torch.float32)
        self.vae.to(project.accelerator.device).eval().requires_grad_(False)
        if project.circular:
            make_circular(self.vae)
        self.mean, self.std = statistics or self._statistics()
        self.config = {**self.config, "latents_mean": self.mean, "latents_std": self.std}

    def draw(self, chosen, generator):
        """Standardised latents of some pictures, drawn again at each step, (B, C, h, w). Frames are encoded one by one, and
        the latents of one lie behind those of the other."""
        mean, std = self._encode(chosen, generator)
        z = mean + std * torch.randn(mean.shape, device=mean.device, generator=generator)
        shape = (1, -1, 1, 1)
        x0 = (z - torch.tensor(self.mean).view(shape).to(z)) / torch.tensor(self.std).view(shape).to(z)
        return x0.reshape(len(chosen), -1, *x0.shape[2:])

    @torch.no_grad()
    def _encode(self, chosen, generator):
        flip, circular = self.project.options["flip"], self.project.circular
        x = augment(self.project.values(chosen), generator, flip, circular=circular)
        posterior = self.vae.encode(to_patches(x, self.config.get("patch_size", 1))).latent_dist
        return posterior.mean, posterior.std

    def _statistics(self):
        """Computed once, over all pictures, and kept beside the checkpoints, so that a resumed training has the same."""
        place = os.path.join(self.project.out, "latents.json")
        accelerator, count = self.project.accelerator, len(self.project.data.pixels)
        if os.path.exists(place):
            found = read_json(place)
            return found["mean"], found["std"]
        statistics = LatentStatistics(self.config["latent_channels"])
        size = self.project.options["batchSize"]
        for start in range(accelerator.process_index * size, count, accelerator.num_processes * size):
            chosen = torch.arange(start, min(start + size, count))
            statistics.add(*self._encode(chosen, self.project.generator(start)))
        if accelerator.num_processes > 1:
            statistics.sums = accelerator.reduce(statistics.sums.to(accelerator.device)).cpu()
        mean, std = statistics.result()
        std = [value / self.project.options["latentScale"] for value in std]
        if accelerator.is_main_process:
            write_files(self.project.out, {"latents.json": json.dumps({"mean": mean, "std": std}).encode()})
        accelerator.wait_for_everyone()
        return mean, std


def train_ddpm(project):
    options, device = project.options, project.accelerator.device
    latents = Latents(project, os.path.join(project.runs, "vae"))
    configs = {**project.configs, "vae": latents.config}
    unet = UNet2DModel.from_config(configs["unet"])
    if project.circular:
        make_circular(unet)
    conditioning = conditioning_of(configs)
    task = DdpmTask(unet, conditioning, configs["scheduler"], options["minSnrGamma"])

    def batch(step, part):
        chosen, generator = project.pictures(step, part)
        x0 = latents.draw(chosen, generator)
        eps = torch.randn(x0.shape, device=device, generator=generator)
        t = torch.randint(configs["scheduler"]["num_train_timesteps"], (len(x0),), device=device, generator=generator)
        known = project.data.class_labels[chosen].to(device), project.data.attributes[chosen].to(device)
        told = drop_conditions(*known, conditioning.num_labels, options["condDropProb"], generator)
        return x0, eps, t, *told

    def save(average):
        parts = {part: average.part(f"{part}.") for part in ("unet", "conditioning")}
        weights = {**parts, "vae": latents.vae.state_dict()}
        write_model(project.out, project.index, configs, weights, os.path.join(HERE, "pipeline.py"))

    run(project, task, batch, save)


def conditioning_of(configs):
    return FigmentConditioning(**{key: value for key, value in configs["conditioning"].items() if key[0] != "_"})


class Teacher:
    """A diffusion model that has been trained, asked for guided pictures."""

    def __init__(self, project, folder, scheduler):
        self.interval = project.options["guidanceInterval"] or (0, scheduler["num_train_timesteps"])
        self.accelerator = project.accelerator
        self.unet = open_unet(project, folder).to(self.accelerator.device).eval().requires_grad_(False)
        self.prediction_type = scheduler["prediction_type"]
        self.alphas = alphas_cumprod(scheduler).to(self.accelerator.device)

    def alpha_bar(self, t):
        """(B, 1, 1, 1); before the first timestep there is no noise."""
        return torch.where(t < 0, 1.0, self.alphas[t.clamp(min=0)]).view(-1, 1, 1, 1)

    @torch.no_grad()
    def target(self, xt, t, stride, parts, told, scale):
        """What a student should say at xt, to get by one step over `stride` timesteps where the teacher gets by so many.

        told: the vectors of what each picture is told, and behind them of anything
        """
        x, before = xt, self.alpha_bar(t)
        for part in range(parts):
            now = t - stride * part // parts
            with self.accelerator.autocast():
                both = self.unet(torch.cat([x, x]), torch.cat([now, now]), class_labels=told).sample
            after = self.alpha_bar(t - stride * (part + 1) // parts)
            first, last = self.interval
            is_guided = ((now >= first) & (now <= last)).view(-1, 1, 1, 1)
            output = guided(both, torch.where(is_guided, scale, 1.0))
            x = ddim_step(self.prediction_type, output, x, self.alpha_bar(now), after)
        return long_step_target(self.prediction_type, xt, x, before, self.alpha_bar(t - stride))


class DistilTask(torch.nn.Module):
    """A U-Net that is told its guidance scale and in how many steps it makes a picture."""

    def __init__(self, unet, conditioning):
        super().__init__()
        self.unet = unet
        self.conditioning = conditioning

    def forward(self, xt, t, target, labels, attributes, scale, num_steps):
        told = self.conditioning(labels, attributes, scale, num_steps)
        return diffusion_loss(self.unet(xt, t, class_labels=told).sample, target), {}


def train_distil(project):
    """Guidance becomes an input of the student (Meng et al. 2023, arXiv:2210.03142), and one of its steps does what several of
    the teacher's do (Salimans & Ho 2022, arXiv:2202.00512)."""
    options, device, folder = project.options, project.accelerator.device, os.path.join(project.runs, "ddpm")
    configs = read_configs(folder)
    if "unet" not in configs:
        raise SystemExit(f"train: {folder} has no model; train one first: train.py ddpm")
    latents = Latents(project, folder, (configs["vae"]["latents_mean"], configs["vae"]["latents_std"]))
    teacher = Teacher(project, folder, configs["scheduler"])
    least, most = options["guidanceScale"]
    student = {"step_counts": options["stepCounts"], "guidance_scale": [least, most]}
    configs = {**configs, "conditioning": {**configs["conditioning"], "student": student}, "unet_teacher": configs["unet"]}
    conditioning = student_conditioning(configs, folder)
    tables = conditioning_of(configs).to(device).requires_grad_(False)
    tables.load_state_dict(conditioning.state_dict())

    def batch(step, part):
        chosen, generator = project.pictures(step, part)
        labels, attributes = project.data.class_labels[chosen].to(device), project.data.attributes[chosen].to(device)
        labels, attributes = drop_conditions(labels, attributes, tables.num_labels, 0.0, generator)
        anything = torch.full_like(labels, tables.num_labels), torch.full_like(attributes, ANY)
        told = tables(torch.cat([labels, anything[0]]), torch.cat([attributes, anything[1]]))
        draw = torch.rand(3, len(chosen), device=device, generator=generator)
        num_steps = options["stepCounts"][int(draw[0, 0] * len(options["stepCounts"]))]
        count = configs["scheduler"]["num_train_timesteps"]
        t = (count - (draw[1] * num_steps).long() * count / num_steps).round().long() - 1
        scale = least + (most - least) * draw[2]
        x0 = latents.draw(chosen, generator)
        xt = noised(x0, torch.randn(x0.shape, device=device, generator=generator), teacher.alpha_bar(t))
        parts = max(1, options["teacherSteps"] // num_steps)
        target = teacher.target(xt, t, count // num_steps, parts, told, scale.view(-1, 1, 1, 1))
        return xt, t, target, labels, attributes, scale, num_steps

    def save(average):
        parts = {part: average.part(f"{part}.") for part in ("unet", "conditioning")}
        weights = {**parts, "vae": latents.vae.state_dict(), "unet_teacher": teacher.unet.state_dict()}
        write_model(project.out, student_index(project, options), configs, weights, os.path.join(HERE, "pipeline.py"))

    run(project, DistilTask(open_unet(project, folder), conditioning), batch, save)


def open_unet(project, folder):
    unet = UNet2DModel.from_pretrained(os.path.join(folder, "unet"), torch_dtype=torch.float32)
    if project.circular:
        make_circular(unet)
    return unet


def student_conditioning(configs, folder):
    """Begins with what the teacher is told; what a student is told besides adds nothing at first. Both share the tables of
    label and attributes, which stay as they are."""
    conditioning = conditioning_of(configs)
    known = load_file(os.path.join(folder, "conditioning", WEIGHTS))
    conditioning.load_state_dict({name: value.float() for name, value in known.items()}, strict=False)
    for name, weight in conditioning.named_parameters():
        weight.requires_grad_(name.startswith("student."))
        if name.startswith("student.") and ".linear_1." not in name:
            torch.nn.init.zeros_(weight)
    return conditioning


def student_index(project, options):
    """The index of the teacher's model, with what its student can do."""
    figment, (least, most) = project.figment, options["guidanceScale"]
    usual = figment["sampleDefaults"]
    scale = min(most, max(least, usual["guidanceScale"]))
    own = {"sampler": "ddim", "numInferenceSteps": max(options["stepCounts"]), "guidanceScale": scale}
    interval = {"guidanceInterval": options["guidanceInterval"]} if options["guidanceInterval"] else {}
    student = {"stepCounts": options["stepCounts"], "guidanceScale": [least, most], "teacher": {**usual, **interval}}
    return {**project.index, "figment": {**figment, "sampleDefaults": own, "student": student}}


STAGES = {"vae": train_vae, "ddpm": train_ddpm, "distil": train_distil}


def main():
    parser = argparse.ArgumentParser(description="Trains a model of Figment; training.json and model/ say what and how.")
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--data", help="the data set's folder; default: the one that training.json names")
    parser.add_argument("--runs", default=os.path.join(HERE, "runs"), help="where stages write; default: runs/")
    arguments = parser.parse_args()
    STAGES[arguments.stage](Project(arguments.stage, arguments.data, arguments.runs))


if __name__ == "__main__":
    main()
