"""Model folders as Figment writes them: configs, weights in half precision, and model_index.json with a hash of each."""

import hashlib
import json
import os
import struct

from safetensors.torch import save

INDEX = "model_index.json"
WEIGHTS = "diffusion_pytorch_model.safetensors"
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
    figment = dict(index["figment"])
    for part, config in configs.items():
        files[f"{part}/{PARTS[part]}"] = _json(config)
        if part == "vae":
            data, reach = _decoder_first(_half(part, weights[part]))
            files[f"{part}/{WEIGHTS}"] = data
            figment["decoder"] = {"bytes": reach, "sha256": _sha256(data[:reach])}
        elif part in weights:
            files[f"{part}/{WEIGHTS}"] = save(_half(part, weights[part]), {"format": "pt"})
    hashes = {path: _sha256(data) for path, data in files.items()}
    with open(pipeline, "rb") as file:
        files["pipeline.py"] = file.read()
    files[INDEX] = _json({**index, "figment": {**figment, "sha256": hashes}})
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
    """Weights in half precision, as Figment writes them: half the download, and no difference to be seen."""
    halved = {name: value.detach().half().contiguous().cpu() for name, value in weights.items()}
    wrong = [name for name, value in halved.items() if not value.isfinite().all()]
    if wrong:
        raise ValueError(f"{part}: {wrong[0]} is not finite in half precision; lower the learning rate")
    return halved


def _decoder_first(halved):
    """safetensors of an auto-encoder whose decoder comes first, and how many bytes hold that: all that a page downloads of it."""
    is_of_encoder = {name: not name.startswith(("decoder.", "post_quant_conv.")) for name in halved}
    names = sorted(halved, key=lambda name: (is_of_encoder[name], name))
    header, end, reach = {"__metadata__": {"format": "pt"}}, 0, 0
    for name in names:
        begin, end = end, end + 2 * halved[name].numel()
        header[name] = {"dtype": "F16", "shape": list(halved[name].shape), "data_offsets": [begin, end]}
        reach = reach if is_of_encoder[name] else end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = struct.pack("<Q", len(text)) + text + b"".join(halved[name].numpy().tobytes() for name in names)
    return data, 8 + len(text) + reach


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


def _json(value):
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
