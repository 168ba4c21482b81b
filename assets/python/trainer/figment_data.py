"""Figment's data sets in Python: the pictures as Figment reads them, which of them a step sees, and how they are altered."""

import functools
import json
import os
import unicodedata
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

# Stands for "any" among the numbers of attributes: it is not known.
ANY = -1.0


@dataclass
class LabelledPictures:
    """A picture has several frames where the data set lists them: one subject, who walks."""

    labels: list
    pixels: torch.Tensor  # uint8 (N, frames, H, W, C): RGB, RGBA with straight alpha, or RGB and three maps of a material
    class_labels: torch.Tensor  # int64 (N)
    attributes: torch.Tensor  # float32 (N, attributes): a word's place, a share of a range, or ANY


def read_data(folder, vocabulary):
    """A folder with dataset.json and a sheet for each label, or with a folder of PNG files for each label.

    vocabulary: the attributes that are read, as `figment.attributes` of model_index.json lists them.
    """
    description, path = {}, os.path.join(folder, "dataset.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            description = json.load(file)
    if "classes" in description:
        return _read_sheets(folder, description, vocabulary)
    return _read_folders(folder, vocabulary)


def _read_sheets(folder, description, vocabulary):
    classes = [{**one, "label": _cell(one["label"])} for one in description["classes"]]
    frames = len(description.get("frames", [None]))
    tiles = np.concatenate([_tiles(folder, description, one) for one in classes])
    labels = [one["label"] for one in classes]
    counts = [one["count"] // frames for one in classes]
    first = dict(zip(labels, np.cumsum([0, *counts[:-1]])))
    return LabelledPictures(
        labels,
        torch.from_numpy(tiles.reshape(-1, frames, *tiles.shape[1:])),
        torch.from_numpy(np.repeat(np.arange(len(labels)), counts)),
        _read_attributes(folder, sum(counts), "tile", lambda label, tile: first[label] + int(tile) // frames, vocabulary),
    )


def _tiles(folder, description, one):
    """The tiles of a label, and of materials the maps behind their colours."""
    named = description.get("maps", {}).get("hrm")
    maps = one.get("maps") or (named and named.split()[0].replace("{label}", one["label"]))
    tiles = _cut(_decode(os.path.join(folder, one["file"])), description, one["count"])[..., : description["channels"]]
    if not maps:
        return np.ascontiguousarray(tiles)
    return np.concatenate([tiles, _cut(_decode(os.path.join(folder, maps)), description, one["count"])[..., :3]], axis=-1)


def _cut(sheet, description, count):
    """The tiles of a sheet, left to right and top to bottom, (count, H, W, 4)."""
    width, height, columns = (description[key] for key in ("tileWidth", "tileHeight", "columns"))
    rows = sheet.shape[0] // height
    if sheet.shape[1] != columns * width or count > rows * columns:
        raise ValueError(f"a sheet of {sheet.shape[1]}x{sheet.shape[0]} has no {count} tiles of {width}x{height}")
    tiles = sheet[: rows * height].reshape(rows, height, columns, width, 4).swapaxes(1, 2)
    return tiles.reshape(-1, height, width, 4)[:count]


def _read_folders(folder, vocabulary):
    names = [entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith(".")]
    names.sort(key=lambda name: name + "/")  # as Figment has them: hat-red before hat
    images, class_labels, places = [], [], {}
    for place, one in enumerate(names):
        for name in sorted(os.listdir(os.path.join(folder, one))):
            if name.lower().endswith(".png") and not name.startswith("."):
                places[_cell(one), _cell(name)] = len(images)
                images.append(_decode(os.path.join(folder, one, name)))
                class_labels.append(place)
    if len({image.shape for image in images}) != 1:
        raise ValueError(f"{folder}: expected folders of PNG files, all of one size")
    pixels = np.stack(images)[:, None]
    channels = 4 if (pixels[..., 3] < 255).any() else 3
    return LabelledPictures(
        [_composed(name) for name in names],
        torch.from_numpy(np.ascontiguousarray(pixels[..., :channels])),
        torch.tensor(class_labels),
        _read_attributes(folder, len(images), "file", lambda label, file: places[label, file], vocabulary),
    )


def _composed(name):
    """A name in whole letters, as keyboards write them."""
    return unicodedata.normalize("NFC", name)


def _cell(text):
    """A text as a cell of a table holds it: in whole letters, and without the blanks around it."""
    return _composed(text).strip()


def _decode(path):
    """RGBA bytes, (H, W, 4)."""
    with Image.open(path) as image:
        if image.mode[0] in "IF":
            raise ValueError(f"{path} has more than 8 bits a sample; save it with 8")
        return np.array(image.convert("RGBA"))


def _read_attributes(folder, num_pictures, key, place_of, vocabulary):
    """What attributes.csv knows of each picture, float32 (N, attributes).

    place_of: the place of a picture, of its label and what the column `key` says.
    """
    values = np.full((num_pictures, len(vocabulary)), ANY, np.float32)
    if not vocabulary:
        return torch.from_numpy(values)
    with open(os.path.join(folder, "attributes.csv"), encoding="utf-8-sig") as file:
        lines = [[_cell(text) for text in line.split(",")] for line in file if line.strip() != ""]
    header = lines[0]
    label_at, key_at = header.index("label"), header.index(key)
    for number, cells in enumerate(lines[1:], start=2):
        picture = place_of(cells[label_at], cells[key_at])
        for place, (name, known) in enumerate(vocabulary.items()):
            text = cells[header.index(name)]
            if text == "":
                continue
            try:
                values[picture, place] = _share(text, known) if isinstance(known, dict) else known.index(text)
            except ValueError as error:
                raise ValueError(f"attributes.csv, line {number}: {name} cannot be {text!r}") from error
    return torch.from_numpy(values)


def _share(text, known):
    """Where a number lies in its range, 0 … 1. It is a float32 where these tell the numbers of the range apart, as in Figment."""
    least, most = known["min"], known["max"]
    largest = max(abs(least), abs(most))
    is_fine = largest <= 2.0**127 and most - least >= max(2.0**-126, largest / 2**8)
    number = float(np.float32(float(text))) if is_fine else float(text)
    share = (number - least) / (most - least)
    return min(1.0, max(0.0, share))


def batch_indices(class_labels, batch_size, seed, step, balanced):
    """The pictures of one step, of all processes together: they depend on the seed and the step alone.

    Unbalanced, the steps walk through all pictures in an order that is new in each epoch; balanced, each label is drawn as
    often, and of its pictures each.
    """
    if balanced:
        draws = np.random.default_rng([seed, 1, step])
        members = [np.flatnonzero(class_labels == label) for label in np.unique(class_labels)]
        return np.array([draws.choice(members[label]) for label in draws.integers(len(members), size=batch_size)])
    count = len(class_labels)
    positions = np.arange(step * batch_size, (step + 1) * batch_size)
    return np.array([_order(seed, position // count, count)[position % count] for position in positions])


@functools.lru_cache(maxsize=4)
def _order(seed, epoch, count):
    return np.random.default_rng([seed, 0, epoch]).permutation(count)


def to_values(pixels):
    """Bytes (B, H, W, C) to training values with premultiplied alpha, float32 (B, C, H, W), −1 … 1."""
    values = pixels.permute(0, 3, 1, 2).float()
    if values.shape[1] != 4:
        return values * 2 / 255 - 1
    alpha = values[:, 3:]
    return torch.cat([values[:, :3] * (2 * alpha / 65025) - 1, 2 * alpha / 255 - 1], dim=1)


def augment(values, generator, flip=False, shift=0, circular=False, permute_channels=0.0, colour_jitter=0.0, crop=0):
    """Each picture mirrored or not; moved by up to `shift` pixels, or, where it is seamless, by any number of them, which
    wrap around; with probability `permute_channels` its colours in another order, with `colour_jitter` turned, made
    stronger and tinted; and of `crop` pixels, where that is not 0, a square from anywhere in it."""
    batch, _, height, width = values.shape
    device = values.device
    draw = functools.partial(torch.rand, device=device, generator=generator)
    if flip:
        values = torch.where(draw(batch, 1, 1, 1) < 0.5, values.flip(-1), values)
    if circular:
        values = moved(values, (draw(batch) * width).long(), (draw(batch) * height).long(), circular=True)
    elif shift > 0:
        dx, dy = (((2 * shift + 1) * draw(2, batch)).long() - shift).unbind()
        values = moved(values, dx, dy, circular=False)
    if permute_channels > 0:
        orders = torch.where(draw(batch, 1) < permute_channels, draw(batch, 3), torch.arange(3, device=device)).argsort(1)
        colours = values[:, :3].gather(1, orders[:, :, None, None].expand(-1, -1, height, width))
        values = torch.cat([colours, values[:, 3:]], dim=1)
    if colour_jitter > 0:
        drawn = draw(batch) < colour_jitter, 2 * torch.pi * draw(batch), 1 + 3 * draw(batch), 0.5 * draw(batch, 2) - 0.25
        values = torch.where(drawn[0][:, None, None, None], turned(values, *drawn[1:]), values)
    if crop > 0:
        left, top = (draw(batch) * (width - crop + 1)).long(), (draw(batch) * (height - crop + 1)).long()
        values = moved(values, -left, -top, circular=True)[..., :crop, :crop]
    return values


def turned(values, angle, strength, tint):
    """The colours of each picture (B, C, H, W) turned by angle (B), in radians, strength (B) times as far from grey, and
    moved by tint (B, 2), which is for blue and red, as a share of the range. Luma, alpha and maps stay."""
    angle, strength, tint = (drawn.reshape(len(values), -1, 1, 1) for drawn in (angle, strength, tint))
    most = values[:, 3:] if values.shape[1] == 4 else torch.ones_like(values[:, :1])
    red, green, blue = values[:, :3].split(1, dim=1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    cosine, sine = strength * angle.cos(), strength * angle.sin()
    new_blue = luma + cosine * (blue - luma) - sine * (red - luma) + tint[:, :1] * (most + 1)
    new_red = luma + sine * (blue - luma) + cosine * (red - luma) + tint[:, 1:] * (most + 1)
    new_green = (luma - 0.299 * new_red - 0.114 * new_blue) / 0.587
    colours = torch.cat([new_red, new_green, new_blue], dim=1).clamp(min=-1).minimum(most)
    return torch.cat([colours, values[:, 3:]], dim=1)


def moved(values, dx, dy, circular):
    """Each picture (B, C, H, W) moved to the right and down by dx and dy (B). At the edges it wraps around, or the border
    is repeated."""
    height, width = values.shape[-2:]
    rows = torch.arange(height, device=values.device) - dy[:, None]
    columns = torch.arange(width, device=values.device) - dx[:, None]
    rows = rows % height if circular else rows.clamp(0, height - 1)
    columns = columns % width if circular else columns.clamp(0, width - 1)
    values = values.gather(2, rows[:, None, :, None].expand_as(values))
    return values.gather(3, columns[:, None, None, :].expand_as(values))
