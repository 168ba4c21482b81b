"""How Python runs a Figment model, with the picture that the game gets of the same label, attributes and seed. What attributes are
left out the game decides by examples, and is open here.

    import torch
    from diffusers import DiffusionPipeline

    pipe = DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)
    pipe(label="elf", seed=7).images[0].save("elf.png")

A model of materials gives their maps beside them, as RGB: height, roughness, metallic.

    made = pipe(label="brick", attributes={"wear": 0.7}, seed=7)
    made.maps[0].save("brick_hrm.png")
"""

import base64
import json
import math
import os
import shutil
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMScheduler,
    DiffusionPipeline,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    ImagePipelineOutput,
    UNet2DModel,
)
from diffusers.schedulers import scheduling_ddpm
from PIL import Image
from safetensors.torch import load_file

SAMPLERS = {
    "ddpm": (DDPMScheduler, {}),
    "ddim": (DDIMScheduler, {}),
    "dpm++": (
        DPMSolverMultistepScheduler,
        {"algorithm_type": "dpmsolver++", "solver_order": 2, "lower_order_final": True, "euler_at_final": False},
    ),
    "euler": (EulerDiscreteScheduler, {}),
}

# Below this byte value alpha becomes 0: a network's nearly transparent pixels are noise.
MIN_ALPHA = 8

# The stream of a seed that begins its image.
START_STREAM = 0
# The stream of the white noise that becomes the grain.
GRAIN_STREAM = 0x58000000

# Values of a pixel of a material: RGB, height, roughness, metallic.
MATERIAL_CHANNELS = 6

# The unit of a palette's logits, and the least that a colour's probability may be.
LOGIT_STEP = 1 / 16
MIN_PROBABILITY = 1e-3

# The units of its offsets in Oklab and of the logarithms of its chances, of which the largest stands for none; and the least that a
# colour's probability may be at a pixel.
OFFSET_STEP = 1 / 512
CHANCE_STEP = 1 / 16
NEVER = 255
RARELY = 1e-4

# From this alpha on, a pixel of a cut-out is opaque.
HALF_OPAQUE = 128

# The logarithm of how likely a colour is beside the likeliest one when it counts as impossible.
UNLIKELY = -5

# How often a model's probe moves latents before they are decoded.
CORRECTION_STEPS = 4

# From linear red, green and blue to the responses of the eye's cones, and from their cube roots to Oklab (Ottosson 2020).
RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
ROOTS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.793617785, -0.0040720468],
        [1.9779984951, -2.428592205, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.808675766],
    ]
)


@dataclass
class FigmentOutput(ImagePipelineOutput):
    """The images and, of a model of materials, the maps of each: None where there are none."""

    maps: list = None


def philox(seed, stream, count):
    """The first words of a stream, uint32 (Salmon et al. 2011, Philox4x32-10)."""
    blocks = -(-count // 4)
    c = [np.arange(blocks, dtype=np.uint64)] + [np.zeros(blocks, dtype=np.uint64) for _ in range(3)]
    k0, k1 = seed, stream
    low = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * c[0]
        p1 = np.uint64(0xCD9E8D57) * c[2]
        c = [
            (p1 >> shift) ^ c[1] ^ np.uint64(k0),
            p1 & low,
            (p0 >> shift) ^ c[3] ^ np.uint64(k1),
            p0 & low,
        ]
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=1).reshape(-1)[:count]


def normals(seed, stream, count):
    """Standard normal float32 of a stream (Box & Muller 1958), the same as in the game."""
    words = philox(seed, stream, count + count % 2).astype(np.float64).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log((words[:, 0] + 0.5) / 2**32))
    angle = 2 * math.pi * (words[:, 1] / 2**32)
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return pairs.reshape(-1)[:count].astype(np.float32)


def oklab(colours):
    """sRGB bytes (..., 3) in Oklab, where equal distances look equally different."""
    values = colours / 255
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return np.cbrt(light @ RGB_TO_LMS.T) @ ROOTS_TO_OKLAB.T


def expected_colours(pixels, colours, labs, costs, deviation, sure):
    """
    Gives every pixel (H, W, 3 or 4) the mean of the colours, each as likely as the squared distance in Oklab to where it is decoded and its
    cost there, (colours) or (H, W, colours), say (Bishop 2006, section 1.5.5), or the likeliest where it is likelier than `sure`, row by
    row; those of alpha 0 stay.
    """
    result = pixels.copy()
    for row, row_costs in zip(result, np.broadcast_to(costs, (*pixels.shape[:2], len(colours)))):
        shown = row[:, 3:].all(axis=1)
        totals = ((oklab(row[shown, None, :3]) - labs) ** 2).sum(axis=-1) + row_costs[shown]
        logarithms = (totals.min(axis=-1, keepdims=True) - totals) / (2 * deviation**2)
        weights = np.where(logarithms < UNLIKELY, 0, np.exp(logarithms))
        sums = weights.sum(axis=-1, keepdims=True)
        means = np.floor(weights @ colours / sums + 0.5)
        row[shown, :3] = np.where(1 / sums >= sure, colours[totals.argmin(axis=-1)], means)
    return result


def owners(grid, size):
    """Which of the places 0 ... size - 1 each cell of a grid has, (grid, size); where several have one, a share of it."""
    place = torch.arange(size)
    cell = torch.arange(grid)[:, None]
    inside = ((place >= cell * size // grid) & (place < -(-(cell + 1) * size // grid))).float()
    return inside / inside.sum(dim=0)


def corrected(latents, weights, bias, rate, groups, asked, margins):
    """
    Latents (B, C, h, w) moved up the gradient of log p(asked | latents), as a linear probe has it (Alain & Bengio 2016;
    Dhariwal & Nichol 2021, section 4). weights: (words, C * grid * grid); bias: (words); groups: the slices of words of which a
    picture shows one; asked: (B, words), 1 in all of a group, or 0 where nothing is asked for; margins: (groups), how much likelier than
    all others of its group a word is to be, as log-odds (Wang et al. 2018, arXiv:1801.05599, eq. 6).
    """
    batch, channels, height, width = latents.shape
    grid = math.isqrt(weights.shape[1] // channels)
    rows, columns = (owners(grid, size).to(latents) for size in (height, width))
    for _ in range(CORRECTION_STEPS):
        means = torch.nn.functional.adaptive_avg_pool2d(latents, grid).flatten(1)
        logits = means @ weights.T + bias
        missing = torch.zeros_like(logits)
        for group, margin in zip(groups, margins):
            wanted = asked[:, group]
            shown = (logits[:, group] - margin * wanted).softmax(dim=1)
            missing[:, group] = wanted.sum(dim=1, keepdim=True) * (wanted - shown)
        cells = (missing @ weights).reshape(batch, channels, grid, grid)
        latents = latents + rate * torch.einsum("bcij,iy,jx->bcyx", cells, rows, columns)
    return latents


def grain_of(seed, texton, size):
    """
    Grain (C, H, W) that repeats: white noise of the seed, convolved with a texton (side, side, C) around the borders (Galerne,
    Leclaire & Moisan 2014).
    """
    height, width = size
    middle = texton.shape[0] // 2
    white = normals(seed, GRAIN_STREAM, height * width).reshape(1, height, width)
    around = np.pad(white, ((0, 0), (middle, middle), (middle, middle)), mode="wrap")
    filters = np.ascontiguousarray(texton.transpose(2, 0, 1)[:, None])
    return torch.nn.functional.conv2d(torch.from_numpy(around), torch.from_numpy(filters))


class FigmentConditioning(torch.nn.Module):
    """Turns label and attributes into the vector that the U-Net adds to its time embedding."""

    def __init__(self, embedding_dim, num_labels, attributes, numeric_channels=32, student=None, **_):
        super().__init__()
        self.num_labels = num_labels
        self.kinds = dict(attributes)
        self.numeric_channels = numeric_channels
        self.label_embedding = torch.nn.Embedding(num_labels + 1, embedding_dim)
        self.attributes = torch.nn.ModuleDict()
        for name, kind in self.kinds.items():
            rows = 0 if kind == "number" else kind
            parts = {"embedding": torch.nn.Embedding(rows + 1, embedding_dim)}
            if kind == "number":
                parts["linear_1"] = torch.nn.Linear(numeric_channels, embedding_dim)
                parts["linear_2"] = torch.nn.Linear(embedding_dim, embedding_dim)
            self.attributes[name] = torch.nn.ModuleDict(parts)
        self.sampling = student
        if student is not None:
            layers = {
                "linear_1": torch.nn.Linear(numeric_channels, embedding_dim),
                "linear_2": torch.nn.Linear(embedding_dim, embedding_dim),
            }
            steps = {"embedding": torch.nn.Embedding(len(student["step_counts"]), embedding_dim)}
            parts = {"guidance": torch.nn.ModuleDict(layers), "steps": torch.nn.ModuleDict(steps)}
            self.student = torch.nn.ModuleDict(parts)

    def _of_number(self, layers, value):
        """Linear-SiLU-Linear of the waves of numbers 0 ... 1, (B) to (B, embedding_dim)."""
        half = self.numeric_channels // 2
        steps = torch.arange(half, device=value.device, dtype=torch.float32) / max(1, half - 1)
        angles = value[:, None] * (math.pi / 2) * 32**steps[None]
        waves = torch.cat([angles.sin(), angles.cos()], dim=1)
        return layers["linear_2"](torch.nn.functional.silu(layers["linear_1"](waves)))

    def forward(self, labels, values, guidance_scale=None, num_inference_steps=None):
        """
        labels: int (B), num_labels means "any"; values: float (B, attributes), below 0 means "any"; the other two are for
        a student alone, and left out for its teacher: a guidance scale for all or each (B), and how many steps.
        """
        total = self.label_embedding(labels)
        for place, (name, kind) in enumerate(self.kinds.items()):
            parts, value = self.attributes[name], values[:, place]
            is_any = value < 0
            if kind == "number":
                known = self._of_number(parts, value)
                nothing = parts["embedding"](torch.zeros_like(labels))
                total = total + torch.where(is_any[:, None], nothing, known)
            else:
                total = total + parts["embedding"](torch.where(is_any, kind, value).long())
        total = total / math.sqrt(1 + len(self.kinds))
        if guidance_scale is None:
            return total
        least, most = self.sampling["guidance_scale"]
        scale = torch.as_tensor(guidance_scale, dtype=torch.float32, device=labels.device).expand(labels.shape)
        place = self.sampling["step_counts"].index(num_inference_steps)
        of_steps = self.student["steps"]["embedding"](torch.full_like(labels, place))
        return total + self._of_number(self.student["guidance"], (scale - least) / (most - least)) + of_steps


def make_circular(network):
    """Lets every convolution wrap around the borders, those that halve by one row and column too."""
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.padding_mode = "circular"
            module._reversed_padding_repeated_twice = [p for p in reversed(module.padding) for _ in range(2)]
        if type(module).__name__ == "Downsample2D" and module.use_conv and module.padding == 0:
            module.forward = _circular_halving(module)


def _circular_halving(module):
    def forward(hidden_states, *args, **kwargs):
        return module.conv(torch.nn.functional.pad(hidden_states, (0, 1, 0, 1), mode="circular"))

    return forward


def know_places(network, folder):
    """Adds what was learnt for each place of a tile to what the first convolution gives, where a U-Net has that in its folder."""
    if network.config.get("position_embedding", False) and not network.conv_in._forward_hooks:
        places = load_file(os.path.join(folder, "diffusion_pytorch_model.safetensors"))["position_embedding"]
        network.conv_in.register_forward_hook(lambda module, inputs, output: output + places.to(output))


def from_patches(x, size):
    """(B, size² · C, h, w) to (B, C, h · size, w · size): an auto-encoder may give squares of pixels as channels."""
    batch, values, height, width = x.shape
    pixels = x.reshape(batch, size, size, values // size**2, height, width).permute(0, 3, 4, 1, 5, 2)
    return pixels.reshape(batch, values // size**2, height * size, width * size)


class FigmentPipeline(DiffusionPipeline):
    """A diffusion model of latents or of pixels, conditioned on a label and attributes."""

    model_cpu_offload_seq = "unet->vae"
    _optional_components = ["vae"]

    def __init__(self, unet: UNet2DModel, scheduler, vae: AutoencoderKL = None, labels=None, figment=None):
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler, vae=vae)
        self.register_to_config(labels=labels, figment=figment)
        self.conditioning = None
        self.teacher = None
        if self.figment.get("circularPadding", False):
            for network in (unet, vae):
                if network is not None:
                    make_circular(network)

    @property
    def figment(self):
        return self.config.figment or {}

    @property
    def labels(self):
        rows = self.unet.config.num_class_embeds
        return self.config.labels or (["image"] if rows is None else [f"class{i}" for i in range(rows)])

    @property
    def null_label(self):
        """The row that means "any"; None where there is none."""
        if "nullLabel" in self.figment:
            return self.figment["nullLabel"]
        rows = self.unet.config.num_class_embeds
        if self.unet.config.class_embed_type == "identity" or rows == len(self.labels) + 1:
            return len(self.labels)
        return None

    @property
    def num_frames(self):
        """How many frames stand in a picture in a row; their latents are stacked along channels."""
        return len(self.figment.get("frames", [None]))

    def save_pretrained(self, save_directory, **kwargs):
        super().save_pretrained(save_directory, **kwargs)
        for name in ("conditioning", "cvae", "unet_teacher", "pipeline.py"):
            place = os.path.join(self.name_or_path, name)
            target = os.path.join(save_directory, name)
            if os.path.abspath(place) == os.path.abspath(target):
                continue
            if os.path.isdir(place):
                shutil.copytree(place, target, dirs_exist_ok=True)
            elif os.path.isfile(place):
                shutil.copyfile(place, target)

    def _open_conditioning(self):
        if self.conditioning is None:
            folder = os.path.join(self.name_or_path, "conditioning")
            with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
                config = json.load(file)
            network = FigmentConditioning(**{k: v for k, v in config.items() if not k.startswith("_")})
            weights = load_file(os.path.join(folder, "diffusion_pytorch_model.safetensors"))
            network.load_state_dict({name: value.float() for name, value in weights.items()})
            self.conditioning = network.eval()
        return self.conditioning.to(self.device)

    def _open_unet(self):
        know_places(self.unet, os.path.join(self.name_or_path, "unet"))
        return self.unet

    def _open_teacher(self):
        """The U-Net of which a distilled one is the student."""
        if self.teacher is None:
            self.teacher = UNet2DModel.from_pretrained(self.name_or_path, subfolder="unet_teacher").eval()
            if self.figment.get("circularPadding", False):
                make_circular(self.teacher)
            know_places(self.teacher, os.path.join(self.name_or_path, "unet_teacher"))
        return self.teacher.to(self.device, self.unet.dtype)

    def _is_for_teacher(self, num_inference_steps, guidance_scale, sampler, eta):
        """Whether a distilled model's student can't do what is asked for, so that its teacher does."""
        student = self.figment.get("student")
        if student is None:
            return False
        least, most = student["guidanceScale"]
        return (
            (num_inference_steps is not None and num_inference_steps not in student["stepCounts"])
            or sampler not in (None, "ddim")
            or eta > 0
            or (guidance_scale is not None and not least <= guidance_scale <= most)
        )

    def _values(self, attributes):
        """A number for each attribute of the model: the place of a word, a share of a range, −1 for "any"."""
        vocabulary = self.figment.get("attributes", {})
        unknown = [name for name in attributes if name not in vocabulary]
        if unknown:
            raise ValueError(f"attribute {unknown[0]!r} is unknown; known: {', '.join(vocabulary)}")
        values = []
        for name, known in vocabulary.items():
            if name not in attributes:
                values.append(-1.0)
            elif isinstance(known, dict):
                values.append((attributes[name] - known["min"]) / (known["max"] - known["min"]))
            else:
                values.append(float(known.index(attributes[name])))
        return values

    def _conditions(self, labels, attributes, sampling=()):
        """
        What the U-Net is told of each picture and, behind that, of none in particular; a student also of its sampling,
        the guidance scale and the number of steps.
        """
        rows = [self.labels.index(label) for label in labels]
        if self.unet.config.class_embed_type == "identity":
            network = self._open_conditioning()
            values = [self._values(one) for one in attributes]
            anything = [[-1.0] * len(network.kinds)] * len(rows)
            told = torch.tensor(rows + [network.num_labels] * len(rows), device=self.device)
            return network(told, torch.tensor(values + anything, device=self.device), *sampling).to(self.unet.dtype)
        if self.unet.config.num_class_embeds is None:
            return None
        null = self.null_label
        classes = rows if null is None else [row + 1 if row >= null else row for row in rows] + [null] * len(rows)
        return torch.tensor(classes, device=self.device)

    def _noise(self, seeds, stream, shape):
        """(B, C, h, w); in the game the channels come last."""
        channels, height, width = shape
        images = [normals(seed, stream, height * width * channels) for seed in seeds]
        noise = np.stack(images).reshape(len(seeds), height, width, channels).transpose(0, 3, 1, 2)
        return torch.from_numpy(np.ascontiguousarray(noise)).to(self.device, self.unet.dtype)

    def _latent_shape(self):
        size = self.unet.config.sample_size
        if "heightPx" in self.figment:
            factor = 1 if self.vae is None else self._patch_size * 2 ** (len(self.vae.config.block_out_channels) - 1)
            size = [self.figment["heightPx"] // factor, self.figment["widthPx"] // factor // self.num_frames]
        height, width = (size, size) if isinstance(size, int) else size
        return self.unet.config.in_channels, height, width

    def _decode(self, latents):
        frames = self.num_frames
        batch, channels, height, width = latents.shape
        images = self._decode_each(latents.reshape(batch * frames, channels // frames, height, width))
        _, channels, height, width = images.shape
        row = images.reshape(batch, frames, channels, height, width).permute(0, 2, 3, 1, 4)
        return row.reshape(batch, channels, height, frames * width)

    def _decode_each(self, latents):
        if self.vae is None:
            return latents
        config = self.vae.config
        z = latents / config.scaling_factor
        if config.latents_mean is not None and config.latents_std is not None:
            shape = (1, -1, 1, 1)
            z = z * torch.tensor(config.latents_std).view(shape).to(z) + torch.tensor(config.latents_mean).view(shape).to(z)
        elif config.shift_factor is not None:
            z = z + config.shift_factor
        return from_patches(self.vae.decode(z).sample, self._patch_size)

    @property
    def _patch_size(self):
        """The auto-encoder may see squares of pixels as channels."""
        return self.vae.config.get("patch_size", 1)

    def _pixels(self, images):
        """Values −1 … 1 to bytes with straight alpha, (B, H, W, channels)."""
        values = (images.float().permute(0, 2, 3, 1).cpu().numpy() + 1) / 2
        values = np.clip(np.nan_to_num(values), 0, 1)
        if values.shape[-1] == 4:
            alpha = values[..., 3:]
            if self.figment.get("premultipliedAlpha", False):
                values = np.concatenate([np.clip(values[..., :3] / np.maximum(alpha, 1e-9), 0, 1), alpha], axis=-1)
            values = np.where(np.round(255 * alpha) < MIN_ALPHA, 0, values)
        return np.round(255 * values).astype(np.uint8)

    def _corrected(self, latents, labels, attributes):
        """Latents that show what was asked for, where the model's probe reads something else in them."""
        probe = self.figment.get("probe")
        if probe is None:
            return latents
        bias = torch.tensor(probe["bias"]).to(latents)
        units = np.frombuffer(base64.b64decode(probe["weights"]), np.int8).reshape(len(bias), -1)
        weights = torch.tensor(units * probe["unit"]).to(latents)
        vocabulary = enumerate(self.figment.get("attributes", {}).values())
        words = [(place, len(known)) for place, known in vocabulary if not isinstance(known, dict)]
        sizes = [len(self.labels), *(size for _, size in words)]
        groups = [slice(end - size, end) for end, size in zip(np.cumsum(sizes).tolist(), sizes)]
        asked = torch.zeros(len(labels), len(bias)).to(latents)
        for row, label, one in zip(asked, labels, attributes):
            row[self.labels.index(label)] = 1
            values = self._values(one)
            for (place, _), group in zip(words, groups[1:]):
                if values[place] >= 0:
                    row[group.start + int(values[place])] = 1
        margins = torch.tensor(probe.get("margins", [0.0] * len(groups))).to(latents)
        return corrected(latents, weights, bias, probe["rate"], groups, asked, margins)

    def _grained(self, images, seeds, labels):
        """Images (B, C, H, W) with the grain of their labels, where the model knows any."""
        grain = self.figment.get("grain")
        if grain is None:
            return images
        units = np.frombuffer(base64.b64decode(grain["textons"]), np.int8)
        textons = units.reshape(len(self.labels), grain["side"], grain["side"], -1) * np.float32(grain["unit"])
        size = images.shape[2:]
        grains = [grain_of(seed, textons[self.labels.index(label)], size) for seed, label in zip(seeds, labels)]
        return images + torch.stack(grains).to(images)

    def _in_palette(self, pixels, labels, attributes):
        """Pictures (B, H, W, channels) in the colours of the model's palette, by what was asked for; their maps stay."""
        palette = self.figment.get("palette")
        if palette is None:
            return pixels
        colours = np.frombuffer(base64.b64decode(palette["colours"]), np.uint8).reshape(-1, 3)
        logits = np.frombuffer(base64.b64decode(palette["logits"]), np.int8).reshape(-1, len(colours)) * LOGIT_STEP
        offsets = np.frombuffer(base64.b64decode(palette.get("offsets", "")), np.int8).reshape(-1, 3) * OFFSET_STEP
        labs = oklab(colours) + (offsets if len(offsets) else 0)
        twice_variance = 2 * palette["deviation"] ** 2
        places = self._place_costs(palette, len(colours), pixels.shape[1:3])
        result = pixels.copy()
        if palette.get("isCut") and pixels.shape[-1] == 4:
            result[result[..., 3] < HALF_OPAQUE] = 0
            result[..., 3] = np.where(result[..., 3], 255, 0)
        num_values = 4 if pixels.shape[-1] == 4 else 3
        for picture, label, asked in zip(result[..., :num_values], labels, attributes):
            probabilities = 1 / (1 + np.exp(-self._logits_of(logits, label, asked)))
            costs = -np.log(np.maximum(MIN_PROBABILITY, probabilities))
            if places is not None:
                costs = np.minimum(costs + places, -np.log(RARELY))
            costs = twice_variance * costs
            picture[:] = expected_colours(picture, colours, labs, costs, palette["deviation"], palette.get("sure", 0))
        return result

    def _place_costs(self, palette, num_colours, size):
        """
        Minus the logarithm of the chance of each colour at each pixel, (H, W, colours): a sum over parts of pictures, in steps. None where
        the palette knows no places, or of pictures of another size. Frames that look the same way share a view.
        """
        height, width = self.figment["heightPx"], self.figment["widthPx"]
        if "places" not in palette or size != (height, width):
            return None
        stored = [np.frombuffer(base64.b64decode(palette["places"][name]), np.uint8) for name in ("shares", "parts")]
        shares = np.where(stored[0] == NEVER, 0, np.exp(-CHANCE_STEP * stored[0])).reshape(num_colours, -1)
        halves = np.stack([stored[1] >> 4, stored[1] & 15], axis=1).reshape(-1)  # a byte holds two chances, as powers of e
        parts = np.where(halves == 15, 0, np.exp(-1.0 * halves))
        num_views = len(dict.fromkeys(frame and frame.get("direction") for frame in self.figment.get("frames", [None])))
        parts = parts[: num_views * height * (width // self.num_frames) * shares.shape[1]]
        parts = parts.reshape(-1, height, width // self.num_frames, shares.shape[1])
        directions = [frame and frame.get("direction") for frame in self.figment.get("frames", [None])]
        views = [list(dict.fromkeys(directions)).index(direction) for direction in directions]
        chances = np.concatenate([parts[view] for view in views], axis=1) @ shares.T
        steps = np.floor(-np.log(np.maximum(chances, 1e-30)) / CHANCE_STEP + 0.5)
        return np.clip(steps, 0, NEVER) * CHANCE_STEP

    def _logits_of(self, logits, label, attributes):
        """
        The sum of the rows of a label, or of "any" for None, and attributes. Those of labels and of "any" come first; then, for each
        attribute, one for each word, or for the end of a range, and one for "any".
        """
        total = logits[len(self.labels) if label is None else self.labels.index(label)]
        start = len(self.labels) + 1
        for known, value in zip(self.figment.get("attributes", {}).values(), self._values(attributes)):
            num_known = 1 if isinstance(known, dict) else len(known)
            if value < 0:
                total = total + logits[start + num_known]
            elif isinstance(known, dict):
                total = total + value * logits[start]
            else:
                total = total + logits[start + int(value)]
            start += num_known + 1
        return total

    @torch.no_grad()
    def __call__(
        self,
        label=None,
        attributes=None,
        seed=0,
        num_inference_steps=None,
        guidance_scale=None,
        sampler=None,
        eta=0.0,
        latents=None,
        output_type="pil",
        return_dict=True,
    ):
        """
        label: one of the model's, or a list of them; attributes: a dict, or one for each label; seed: uint32, or a list;
        latents: (B, C, h, w) in place of the seeds' noise; output_type: "pil", "np" (bytes) or "latent".
        """
        defaults = {"sampler": "ddim", "numInferenceSteps": 30, "guidanceScale": 2, **self.figment.get("sampleDefaults", {})}
        student = self.figment.get("student")
        is_for_teacher = self._is_for_teacher(num_inference_steps, guidance_scale, sampler, eta)
        if is_for_teacher:
            defaults = student["teacher"]
        labels = label if isinstance(label, (list, tuple)) else [label if label is not None else self.labels[0]]
        seeds = list(seed) if isinstance(seed, (list, tuple)) else [seed + i for i in range(len(labels))]
        asked = attributes if isinstance(attributes, (list, tuple)) else [attributes or {}] * len(labels)
        steps = num_inference_steps or defaults["numInferenceSteps"]
        scale = defaults["guidanceScale"] if guidance_scale is None else guidance_scale
        scale = 1 if self.null_label is None else scale
        first, last = defaults.get("guidanceInterval", (0, self.scheduler.config.num_train_timesteps))
        scheduler_class, options = SAMPLERS[sampler or defaults["sampler"]]
        scheduler = scheduler_class.from_config(self.scheduler.config, **options)
        scheduler.set_timesteps(steps, device=self.device)
        unet = self._open_teacher() if is_for_teacher else self._open_unet()
        guides_itself = student is not None and not is_for_teacher
        conditions = self._conditions(labels, asked, (scale, steps) if guides_itself else ())
        shape = self._latent_shape()
        x = self._noise(seeds, START_STREAM, shape) if latents is None else latents.to(self.device, self.unet.dtype)
        x = x * scheduler.init_noise_sigma
        batch = len(labels)
        extra = {"eta": eta} if scheduler_class is DDIMScheduler else {}
        for index, t in enumerate(self.progress_bar(scheduler.timesteps)):
            is_guided = scale != 1 and conditions is not None and not guides_itself and first <= t <= last
            inputs = scheduler.scale_model_input(torch.cat([x, x]) if is_guided else x, t)
            told = conditions if conditions is None or is_guided else conditions[:batch]
            output = unet(inputs, t, class_labels=told).sample
            if is_guided:
                conditioned, anything = output.chunk(2)
                output = anything + scale * (conditioned - anything)
            if scheduler_class is DDPMScheduler or eta > 0:
                x = self._noisy_step(scheduler, output, t, x, self._noise(seeds, index + 1, shape), eta)
            else:
                x = scheduler.step(output, t, x, **extra).prev_sample
        if output_type == "latent":
            return FigmentOutput(images=x) if return_dict else (x,)
        ignores_words = scale == 0
        images = self._decode(x if ignores_words else self._corrected(x, labels, asked))
        if not ignores_words:
            images = self._grained(images, seeds, labels)
        shown = ([None] * batch, [{}] * batch) if ignores_words else (labels, asked)
        pixels = self._in_palette(self._pixels(images), *shown)
        has_maps = pixels.shape[-1] == MATERIAL_CHANNELS
        parts = [pixels[..., :3], pixels[..., 3:]] if has_maps else [pixels]
        if output_type != "np":
            parts = [[Image.fromarray(np.ascontiguousarray(one)) for one in part] for part in parts]
        return FigmentOutput(*parts) if return_dict else tuple(parts)

    def _noisy_step(self, scheduler, output, t, x, noise, eta):
        """A step with the game's noise: that of the seed and the step."""
        if isinstance(scheduler, DDIMScheduler):
            return scheduler.step(output, t, x, eta=eta, variance_noise=noise).prev_sample
        own = scheduling_ddpm.randn_tensor
        scheduling_ddpm.randn_tensor = lambda *args, **kwargs: noise
        try:
            return scheduler.step(output, t, x).prev_sample
        finally:
            scheduling_ddpm.randn_tensor = own
