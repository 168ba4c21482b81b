"""The loop that all stages share: batches, gradients, averages, and checkpoints from which a training goes on exactly."""

import json
import os
import shutil
import time

import numpy as np
import torch

from figment_folder import read_json, write_files
from figment_training import Average, learning_rate_at, optimiser_of

LOG_EVERY = 50


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
