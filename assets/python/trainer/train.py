"""Trains a model of Figment on any number of GPUs and machines: see README.md.

    accelerate launch train.py vae       # the auto-encoder
    accelerate launch train.py ddpm      # the diffusion model on its latents, conditioned on label and attributes
"""

import argparse
import json
import os
import shutil
import time

import numpy as np
import torch
from accelerate import Accelerator
from diffusers import AutoencoderKL, UNet2DModel

from figment_data import augment, batch_indices, read_data, to_values
from figment_folder import INDEX, read_configs, read_json, write_files, write_model, write_network
from figment_training import (
    Average,
    LatentStatistics,
    alphas_cumprod,
    diffusion_loss,
    drop_conditions,
    learning_rate_at,
    min_snr_weights,
    noised,
    optimiser_of,
    prediction_target,
    vae_loss,
)
from pipeline import FigmentConditioning, make_circular

HERE = os.path.dirname(os.path.abspath(__file__))
LOG_EVERY = 50


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

    def __init__(self, vae, options):
        super().__init__()
        self.vae = vae
        self.options = options

    def forward(self, x, noise):
        posterior = self.vae.encode(x).latent_dist
        mean, logvar = posterior.mean.float(), posterior.logvar.float()
        decoded = self.vae.decode(mean + (0.5 * logvar).exp() * noise).sample
        loss, error, kl = vae_loss(x, decoded, mean, logvar, self.options)
        return loss, {self.options["reconstruction"]: error.detach(), "kl": kl.detach()}


def train_vae(project):
    options, device = project.options, project.accelerator.device
    config = project.configs["vae"]
    vae = AutoencoderKL.from_config(config)
    if project.circular:
        make_circular(vae)
    factor = 2 ** (len(config["block_out_channels"]) - 1)

    def batch(step, part):
        chosen, generator = project.pictures(step, part)
        altered = {"shift": options["shiftPx"], "permute_channels": options["permuteChannels"]}
        frame = torch.randint(project.frames, (len(chosen),), device=device, generator=generator).cpu()
        x = augment(project.values(chosen, frame), generator, options["flip"], circular=project.circular, **altered)
        size = (len(chosen), config["latent_channels"], x.shape[2] // factor, x.shape[3] // factor)
        return x, torch.randn(size, device=device, generator=generator)

    def save(average):
        write_network(project.out, "vae", config, average.part("vae."), project.index)

    run(project, VaeTask(vae, options), batch, save)


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

    def __init__(self, project, folder):
        self.project = project
        self.config = read_configs(folder).get("vae")
        if self.config is None:
            raise SystemExit(f"train: {folder} has no auto-encoder; train one first: train.py vae")
        self.vae = AutoencoderKL.from_pretrained(os.path.join(folder, "vae"), torch_dtype=torch.float32)
        self.vae.to(project.accelerator.device).eval().requires_grad_(False)
        if project.circular:
            make_circular(self.vae)
        self.mean, self.std = self._statistics()
        self.config = {**self.config, "latents_mean": self.mean, "latents_std": self.std}

    def draw(self, chosen, generator):
        """Standardised latents of some pictures, drawn anew at each step, (B, C, h, w). Frames are encoded one by one, and
        the latents of one lie behind those of the other."""
        mean, std = self._encode(chosen, generator)
        z = mean + std * torch.randn(mean.shape, device=mean.device, generator=generator)
        shape = (1, -1, 1, 1)
        x0 = (z - torch.tensor(self.mean).view(shape).to(z)) / torch.tensor(self.std).view(shape).to(z)
        return x0.reshape(len(chosen), -1, *x0.shape[2:])

    @torch.no_grad()
    def _encode(self, chosen, generator):
        flip, circular = self.project.options["flip"], self.project.circular
        posterior = self.vae.encode(augment(self.project.values(chosen), generator, flip, circular=circular)).latent_dist
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


class Clock:
    """The steps that are done; a checkpoint has them."""

    step = 0

    def state_dict(self):
        return {"step": self.step}

    def load_state_dict(self, state):
        self.step = state["step"]


def run(project, task, batch, save):
    """Trains a task until it has had all steps. What a process sees in a step depends on the seed, the step and its own
    number alone, so a training that was stopped goes on as if it had not been.

    task:  a module that gives a loss, and what else is worth showing
    batch: step, part → its arguments
    save:  writes what has been learned, of which it is given the average
    """
    accelerator, options = project.accelerator, project.options
    keep_options(project)
    network, optimiser = accelerator.prepare(task, optimiser_of(task, options))
    average, clock = Average(task), Clock()
    accelerator.register_for_checkpointing(average, clock)
    resume(project)
    started, sums = time.time(), []
    while clock.step < options["numSteps"]:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate_at(options, clock.step)
        for part in range(accelerator.gradient_accumulation_steps):
            with accelerator.accumulate(network):
                loss, shown = network(*batch(clock.step, part))
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(network.parameters(), options["clipNorm"])
                optimiser.step()
                optimiser.zero_grad()
            sums.append(torch.stack([loss.detach(), *shown.values()]))
        clock.step += 1
        average.update(task, options["emaDecay"], clock.step)
        is_last = clock.step == options["numSteps"]
        if clock.step % LOG_EVERY == 0 or is_last:
            log(project, clock.step, ["loss", *shown], sums, started)
            started, sums = time.time(), []
        if clock.step % options["saveEvery"] == 0 or is_last:
            if accelerator.is_main_process:
                save(average)
            checkpoint(project, clock.step)


def log(project, step, names, sums, started):
    accelerator = project.accelerator
    means = accelerator.reduce(torch.stack(sums).mean(0).float(), "mean").tolist()
    speed = len(sums) * project.options["batchSize"] / accelerator.gradient_accumulation_steps / (time.time() - started)
    entry = {"step": step, **dict(zip(names, means)), "imagesPerSecond": speed}
    accelerator.print(", ".join(f"{name} {value:.5g}" for name, value in entry.items()))
    if accelerator.is_main_process:
        with open(os.path.join(project.out, "log.jsonl"), "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
    if not all(np.isfinite(means)):
        raise SystemExit(f"train: the loss is {means[0]} at step {step}; lower the learning rate")


def keep_options(project):
    """Keeps the options beside the checkpoints; a training does not go on with others, but for how long it takes."""
    may_differ = ("numSteps", "saveEvery", "accumulation", "data")
    options = {key: value for key, value in project.options.items() if key not in may_differ}
    place = os.path.join(project.out, "options.json")
    if os.path.exists(place):
        if read_json(place) != options:
            raise SystemExit(f"train: {place} has other options than training.json; take those, or move {project.out} away")
    elif project.accelerator.is_main_process:
        write_files(project.out, {"options.json": json.dumps(options, indent=2).encode()})
    project.accelerator.wait_for_everyone()


def checkpoints_of(project):
    """The checkpoints that are whole, the last one last."""
    folder = os.path.join(project.out, "checkpoints")
    names = sorted(name for name in os.listdir(folder) if name.isdigit()) if os.path.isdir(folder) else []
    return [os.path.join(folder, name) for name in names]


def resume(project):
    found = checkpoints_of(project)
    if found:
        project.accelerator.load_state(found[-1])
        project.accelerator.print(f"train: goes on from {found[-1]}")


def checkpoint(project, step):
    """Keeps what is needed to go on from here, in place of what was kept before."""
    accelerator, older = project.accelerator, checkpoints_of(project)
    place = os.path.join(project.out, "checkpoints", f"{step:08d}")
    if accelerator.is_main_process:
        shutil.rmtree(f"{place}.tmp", ignore_errors=True)
    accelerator.wait_for_everyone()
    accelerator.save_state(f"{place}.tmp")
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        if place not in older:
            os.replace(f"{place}.tmp", place)
        for folder in older:
            if folder != place:
                shutil.rmtree(folder)
    accelerator.wait_for_everyone()


STAGES = {"vae": train_vae, "ddpm": train_ddpm}


def main():
    parser = argparse.ArgumentParser(description="Trains a model of Figment; training.json and model/ say what and how.")
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--data", help="the data set's folder; default: the one that training.json names")
    parser.add_argument("--runs", default=os.path.join(HERE, "runs"), help="where stages write; default: runs/")
    arguments = parser.parse_args()
    STAGES[arguments.stage](Project(arguments.stage, arguments.data, arguments.runs))


if __name__ == "__main__":
    main()
