"""Small pictures of samples, as text that fits into JSON and into a page."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt

SIDE = 96  # pixels; larger images are made smaller, small ones stay as they are


def thumbnail(image: npt.NDArray[Any]) -> str:
    """A sample as PNG in base64.

    Args:
        image: (height, width, channels) with 1, 3 or 4 channels, uint8; any other type is stretched from its own
            minimum and maximum to 0..255. Of other numbers of channels the first is shown.

    >>> thumbnail(np.zeros((8, 8, 1), np.uint8))[:8]
    'iVBORw0K'
    """
    from PIL import Image

    if image.dtype != np.uint8:
        values = np.nan_to_num(image.astype(np.float64))
        low, high = float(values.min()), float(values.max())
        image = np.rint((values - low) / ((high - low) or 1.0) * 255).astype(np.uint8)
    shown = image if image.shape[-1] in (3, 4) else image[..., 0]
    picture = Image.fromarray(np.ascontiguousarray(shown))
    picture.thumbnail((SIDE, SIDE))
    written = io.BytesIO()
    picture.save(written, format="PNG", optimize=True)
    return base64.b64encode(written.getvalue()).decode()
