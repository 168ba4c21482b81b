"""Model folders as Figment writes them: configs, weights in half precision, and model_index.json with a hash of each."""

import hashlib
import json
import os

from safetensors.torch import save

INDEX = "model_index.json"
WEIGHTS = "diffusion_pytorch_model.safetensors"
# The decoder of the auto-encoder once more: all of it that a page downloads to make pictures.
DECODER = "vae/decoder.safetensors"
PARTS = {part: "config.json" for part in ("unet", "unet_teacher", "vae", "conditioning")}
PARTS["scheduler"] = "scheduler_config.json"


def read_json(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return json.load(file)


def read_configs(folder):
    """The configs of a model folder by part; those of parts that it has not are missing."""
    paths = {part: os.path.join(folder, part, name) for part, name in PARTS.items()}
    return {part: read_json(path) for part, path in paths.items() if os.path.exists(path)}


def write_model(out, index, configs, weights, pipeline):
    """Writes a whole model.

    index:    as the project's model/model_index.json
    configs:  part → config
    weights:  part → name → tensor
    pipeline: the path of pipeline.py, which the model carries
    """
    files = {}
    for part, config in configs.items():
        files[f"{part}/{PARTS[part]}"] = _json(config)
        if part in weights:
            files[f"{part}/{WEIGHTS}"] = _half(part, weights[part])
    if "vae" in weights:
        files[DECODER] = _half("vae", _of_decoder(weights["vae"]))
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    with open(pipeline, "rb") as file:
        files["pipeline.py"] = file.read()
    files[INDEX] = _json({**index, "figment": {**index["figment"], "sha256": hashes}})
    write_files(out, files)


def write_network(out, part, config, weights, index):
    """Writes one network in float32, and beside it whose data it has seen: what `figment train ddpm --vae` takes."""
    credit = {key: index["figment"][key] for key in ("licence", "attribution")}
    weights = {name: value.float().contiguous().cpu() for name, value in weights.items()}
    write_files(
        out,
        {
            "credit.json": _json(credit),
            f"{part}/{WEIGHTS}": save(weights, {"format": "pt"}),
            f"{part}/config.json": _json(config),
        },
    )


def write_files(out, files):
    """Writes files, path → bytes; none has its name before all are on the disk."""
    for path, data in files.items():
        place = os.path.join(out, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(f"{place}.tmp", "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    for path in files:
        os.replace(os.path.join(out, f"{path}.tmp"), os.path.join(out, path))


def _half(part, weights):
    """safetensors in half precision, as Figment writes them: half the download, and no difference to be seen."""
    halved = {name: value.detach().half().contiguous().cpu() for name, value in weights.items()}
    wrong = [name for name, value in halved.items() if not value.isfinite().all()]
    if wrong:
        raise ValueError(f"{part}: {wrong[0]} is not finite in half precision; lower the learning rate")
    return save(halved, {"format": "pt"})


def _of_decoder(vae):
    names = ("decoder.", "post_quant_conv.")
    return {name: value for name, value in vae.items() if name.startswith(names)}


def _json(value):
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
