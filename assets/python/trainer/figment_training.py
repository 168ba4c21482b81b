"""What Figment computes in training, in PyTorch: schedule, losses, dropout of conditions, statistics and averages."""

import math

import torch

from figment_data import ANY

# Of the pictures that are told of at all, this share is told of in full.
KEEP_ALL = 0.5


def alphas_cumprod(scheduler):
    """The signal's share of the variance at each timestep, float32 (T), of a scheduler_config.json."""
    count, name = scheduler["num_train_timesteps"], scheduler["beta_schedule"]
    start, end = scheduler["beta_start"], scheduler["beta_end"]
    if scheduler.get("trained_betas") is not None:
        betas = torch.tensor(scheduler["trained_betas"], dtype=torch.float32)
    elif name == "linear":
        betas = torch.linspace(start, end, count, dtype=torch.float32)
    elif name == "scaled_linear":
        betas = torch.linspace(start**0.5, end**0.5, count, dtype=torch.float32) ** 2
    elif name == "squaredcos_cap_v2":
        signal = [math.cos((i / count + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(count + 1)]
        betas = torch.tensor([min(1 - after / before, 0.999) for before, after in zip(signal, signal[1:])])
    else:
        raise ValueError(f"beta_schedule is {name!r}; expected linear, scaled_linear or squaredcos_cap_v2")
    return torch.cumprod(1 - betas, dim=0)


def noised(x0, eps, alpha_bar):
    """xt = √ᾱ · x0 + √(1 − ᾱ) · eps (Ho et al. 2020, eq. 4); alpha_bar (B, 1, 1, 1)."""
    return alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps


def prediction_target(prediction_type, x0, eps, alpha_bar):
    """What the network should say; v = √ᾱ · eps − √(1 − ᾱ) · x0 (Salimans & Ho 2022)."""
    if prediction_type == "epsilon":
        return eps
    if prediction_type == "sample":
        return x0
    return alpha_bar.sqrt() * eps - (1 - alpha_bar).sqrt() * x0


def min_snr_weights(prediction_type, alpha_bar, gamma):
    """Weights of the squared errors: the signal-to-noise ratio, clamped at gamma (Hang et al. 2023, section 3.4)."""
    snr = alpha_bar / (1 - alpha_bar)
    clamped = snr.clamp(max=gamma)
    return {"epsilon": clamped / snr, "v_prediction": clamped / (snr + 1), "sample": clamped}[prediction_type]


def step_coefficients(prediction_type, alpha_bar, next_alpha_bar):
    """A step of DDIM without noise (Song et al. 2021, eq. 12) to another noise level is linear in the network's output:
    the shares of xt and of the output."""
    signal, noise = alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
    next_signal, next_noise = next_alpha_bar.sqrt(), (1 - next_alpha_bar).sqrt()
    if prediction_type == "epsilon":
        return next_signal / signal, next_noise - noise * next_signal / signal
    if prediction_type == "sample":
        return next_noise / noise, next_signal - signal * next_noise / noise
    return signal * next_signal + noise * next_noise, signal * next_noise - noise * next_signal


def ddim_step(prediction_type, output, xt, alpha_bar, next_alpha_bar):
    of_xt, of_output = step_coefficients(prediction_type, alpha_bar, next_alpha_bar)
    return of_xt * xt + of_output * output


def long_step_target(prediction_type, xt, end, alpha_bar, next_alpha_bar):
    """What the network should say at xt for one step to lead to `end` (Salimans & Ho 2022, appendix G)."""
    of_xt, of_output = step_coefficients(prediction_type, alpha_bar, next_alpha_bar)
    return (end - of_xt * xt) / of_output


def guided(output, scale):
    """Classifier-free guidance, by outputs for what is told and behind them for anything; scale (B, 1, 1, 1)."""
    told, anything = output.float().chunk(2)
    return anything + scale * (told - anything)


def diffusion_loss(prediction, target, weights=None):
    error = (prediction.float() - target) ** 2
    return (error if weights is None else weights * error).mean()


def to_patches(x, size):
    """(B, C, H, W) to (B, size² · C, H / size, W / size): an auto-encoder may see squares of pixels as channels."""
    batch, channels, height, width = x.shape
    parts = x.reshape(batch, channels, height // size, size, width // size, size).permute(0, 3, 5, 1, 2, 4)
    return parts.reshape(batch, size * size * channels, height // size, width // size)


LEVELS = 32  # that are told apart of red, green and blue; of alpha it is two


def _colours(x):
    """The place of the colour of each pixel among all; maps besides colour and alpha do not matter."""
    levels = ((x[:, :3] + 1) / 2 * (LEVELS - 1) + 0.5).floor().clamp(0, LEVELS - 1).long()
    place = (x[:, 3] < 0).long() if x.shape[1] == 4 else torch.zeros_like(levels[:, 0])
    for level in levels.unbind(1):
        place = place * LEVELS + level
    return place


def colour_counts(x):
    """How many pixels of pictures (B, C, H, W) have each colour."""
    return torch.bincount(_colours(x).flatten(), minlength=2 * LEVELS**3)


def colour_rarity(counts):
    """How much each colour counts beside others, by how rarely pictures have it (Zhang et al. 2016, eq. 4, without smoothing)."""
    shares = counts.double() / counts.sum()
    return (1 / (shares / 2 + 0.5 / (counts > 0).sum())).float()


def pixel_rarity(rarity, x):
    """How much each pixel counts by the rarity of its colour, (B, 1, H, W), 1 on average in each picture."""
    weights = rarity[_colours(x)]
    return (weights / weights.mean((1, 2), keepdim=True)).unsqueeze(1)


def vae_loss(x, decoded, mean, logvar, options, rarity=None):
    """The loss of an auto-encoder, and its two main parts: reconstruction and KL divergence for each latent value."""
    difference = decoded.float() - x
    if options["channelWeights"] is not None:
        difference = difference * torch.tensor(options["channelWeights"]).view(1, -1, 1, 1).to(x)
    errors = {"l1": difference.abs().mean(), "l2": (difference**2).mean()}
    kl = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).mean()
    down = (difference[:, :, 1:] - difference[:, :, :-1]).abs().mean()
    right = (difference[:, :, :, 1:] - difference[:, :, :, :-1]).abs().mean()
    error = errors[options["reconstruction"]]
    coarse = torch.nn.functional.avg_pool2d(difference, x.shape[-1] // mean.shape[-1]).abs().mean()
    loss = error + options["klWeight"] * kl + options["l2Weight"] * errors["l2"] + options["coarseWeight"] * coarse
    loss = loss + options["gradientWeight"] * 0.5 * (down + right)
    if options["rareColourWeight"] > 0:
        loss = loss + options["rareColourWeight"] * (difference.abs() * pixel_rarity(rarity, x)).mean()
    return loss, error, kl


class ConditionHead(torch.nn.Module):
    """A linear map of the means of 4×4 cells of the latents, by which they tell label and attributes of their picture (Caruana 1997)."""

    def __init__(self, num_labels, vocabulary, latent_channels):
        super().__init__()
        self.sizes = [num_labels, *(1 if isinstance(values, dict) else len(values) for values in vocabulary.values())]
        self.numbers = [False, *(isinstance(values, dict) for values in vocabulary.values())]
        self.linear = torch.nn.Linear(latent_channels * 16, sum(self.sizes))

    def forward(self, z):
        return self.linear(torch.nn.functional.adaptive_avg_pool2d(z, 4).flatten(1))

    def loss(self, z, labels, attributes):
        """The cross-entropy of words, and of numbers half the squared error in units of a tenth, each as a mean over the pictures
        of which it is known, summed; attributes (B, attributes), ANY where one is not known."""
        told = self.forward(z).float()
        conditions = torch.cat([labels[:, None].float(), attributes], 1)
        losses = []
        for logits, values, is_number in zip(told.split(self.sizes, 1), conditions.unbind(1), self.numbers):
            known = values != ANY
            if not known.any():
                continue
            logits, values = logits[known], values[known]
            if is_number:
                losses.append(((logits[:, 0] - values) ** 2).mean() / (2 * 0.1**2))
            else:
                losses.append(torch.nn.functional.cross_entropy(logits, values.long()))
        return sum(losses) + 0 * told.sum()  # all weights take part in each step, as several processes need it


def drop_conditions(labels, attributes, null_label, probability, generator):
    """Makes some of what is known "any", so that the network learns every part of it, and nothing at all, which guidance
    needs (Ho & Salimans 2022).

    With this probability nothing is told of a picture. Of half of the others all is; of the rest each attribute is left
    out with a rate r, and the label with r / 2, where r is drawn evenly for each picture.
    """
    batch, count = attributes.shape
    drop, keep, rate, of_label = torch.rand(4, batch, device=labels.device, generator=generator)
    of_attributes = torch.rand(batch, count, device=labels.device, generator=generator)
    rate = torch.where(keep < KEEP_ALL, 0.0, rate)
    rate = torch.where(drop < probability, 2.0, rate)
    labels = torch.where(of_label < rate / 2, null_label, labels)
    return labels, torch.where(of_attributes < rate[:, None], ANY, attributes)


class LatentStatistics:
    """Mean and deviation of each latent channel over pictures and draws, by which latents are standardised: the variance of
    z is that of the means plus the mean variance of the posteriors."""

    def __init__(self, channels):
        self.sums = torch.zeros(3, channels, dtype=torch.float64)  # of means, of squares, and how many

    def add(self, mean, std):
        """mean, std: (B, C, h, w)"""
        mean, std = mean.double().cpu(), std.double().cpu()
        counts = torch.full_like(self.sums[2], mean[:, 0].numel())
        self.sums += torch.stack([mean.sum((0, 2, 3)), (mean**2 + std**2).sum((0, 2, 3)), counts])

    def result(self):
        """Two lists, as vae/config.json has them."""
        sums, squares, counts = self.sums
        mean = sums / counts
        std = (squares / counts - mean**2).clamp(min=1e-12).sqrt()
        return mean.tolist(), std.tolist()


def learning_rate_at(options, step):
    """Linear warm-up, then constant, then half a cosine down to `finalShare`; steps count from 0."""
    warm_up = min(1, (step + 1) / max(1, options["numWarmupSteps"]))
    progress = step / options["numSteps"]
    fallen = min(1, max(0, (progress - options["decayFrom"]) / max(1e-9, 1 - options["decayFrom"])))
    cosine = 0.5 * (1 + math.cos(math.pi * fallen))
    return options["learningRate"] * warm_up * (options["finalShare"] + (1 - options["finalShare"]) * cosine)


def optimiser_of(network, options):
    """AdamW, whose decay pulls on filters and matrices alone: not on biases, norms and embeddings."""
    groups = {True: [], False: []}
    for name, weight in network.named_parameters():
        if weight.requires_grad:
            groups[weight.dim() > 1 and not name.endswith("embedding.weight")].append(weight)
    return torch.optim.AdamW(
        [
            {"params": groups[True], "weight_decay": options["weightDecay"]},
            {"params": groups[False], "weight_decay": 0.0},
        ],
        lr=options["learningRate"],
        betas=(options["beta1"], options["beta2"]),
    )


class Average:
    """The exponential moving average of a network's weights, which is what is used; early steps weigh more."""

    def __init__(self, network):
        self.weights = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network, decay, step):
        """step: counted from 1"""
        decay = min(decay, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            self.weights[name].lerp_(value, 1 - decay)

    def part(self, prefix):
        """The weights whose names begin with a prefix, by the rest of their names."""
        return {name[len(prefix) :]: value for name, value in self.weights.items() if name.startswith(prefix)}

    def state_dict(self):
        return self.weights

    def load_state_dict(self, weights):
        for name, value in self.weights.items():
            value.copy_(weights[name])
