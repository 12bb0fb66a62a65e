"""How every figure of trainwell looks, and how it is written: SVG text that stays text, PNG and PDF files.

Nothing here changes Matplotlib's settings for the process: style is set on the figure, or for the moment of writing.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from trainwell.errors import FolderError, SettingError
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito 2008, "Color universal design": distinguishable with every common colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GRID = "#D9D9D9"

# What a browser shows: the reader's own fonts, Chinese ones included.
_CSS_FONTS = (
    "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', "
    "'Noto Sans SC', sans-serif"
)
# What can draw Chinese into a PNG or PDF, in order of preference.
_CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Noto Sans CJK JP",
    "Arial Unicode MS",
)
_FORMATS = (".svg", ".png", ".pdf")


def new_figure(width_inches: float, height_inches: float, *, rows: int = 1, columns: int = 1) -> Figure:
    """An empty figure in trainwell's style; its axes, row by row, are in `figure.axes`.

    Args:
        width_inches: width; 72 SVG points to the inch.
        height_inches: height.
        rows: axes from top to bottom; 0 for a figure without axes.
        columns: axes from left to right.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_inches, height_inches), layout="constrained", facecolor="white")
    for place in range(rows * columns):
        axes = figure.add_subplot(rows, columns, place + 1)
        axes.set_prop_cycle(color=COLOURS)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(visible=True, color=GRID, linewidth=0.6)
    return figure


def to_svg(figure: Figure, prefix: str, description: str = "") -> str:
    """The figure as one `<svg>` element that can stand in a page.

    Text stays text in the reader's own fonts; the same figure gives the same characters on every call.

    Args:
        figure: what to write.
        prefix: begins every identifier, so that several figures can share a page; a name unique in the page.
        description: what a screen reader says.
    """
    import matplotlib as mpl

    written = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": prefix}), _fonts(figure):
        figure.savefig(written, format="svg", metadata={"Date": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>|\s*<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<[^>]*>", lambda tag: _own_identifiers(tag.group(), prefix), svg)
    root = 'role="img" style="stroke-linejoin: round; stroke-linecap: butt"'
    if description:
        root += f' aria-label="{_escaped(description)}"'
    return svg.replace("<svg ", f"<svg {root} ", 1).strip() + "\n"


def save(figure: Figure, path: str | Path, description: str = "") -> Path:
    """Write the figure to a .svg, .png or .pdf file and return its path.

    Raises:
        SettingError: another ending.
        FolderError: the file cannot be written.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in _FORMATS:
        raise SettingError(
            Text(
                en=f"a picture cannot be written as {path.name!r}; end its name with {', '.join(_FORMATS)}",
                zh=f"无法把图片写成 {path.name!r}；文件名请以 {'、'.join(_FORMATS)} 结尾",
            )
        )
    try:
        if ending == ".svg":
            path.write_text(to_svg(figure, "figure", description), encoding="utf-8")
        else:
            with _fonts(figure):
                figure.savefig(path, dpi=150, metadata={"CreationDate": None} if ending == ".pdf" else None)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FolderError(
            Text(
                en=f"the picture cannot be written to {path}: {reason}; give a folder that can be written to",
                zh=f"无法把图片写入 {path}：{reason}；请给出一个可写的文件夹",
            )
        ) from error
    return path


def drawable_language(language: Language, path: str | Path) -> Language:
    """The language for the labels of a picture at `path`: English where no installed font could draw the Chinese.

    An SVG takes the fonts of whoever looks at it, so there any language can be drawn.
    """
    if language == "zh" and Path(path).suffix.lower() != ".svg" and chinese_font() is None:
        return "en"
    return language


def chinese_font() -> str | None:
    """An installed font that can draw Chinese, or None."""
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE_FONTS if name in installed), None)


@contextmanager
def _fonts(figure: Figure) -> Generator[None]:
    """While writing, every text may fall back on a Chinese font; a missing one is no reason to warn."""
    import matplotlib as mpl
    from matplotlib.text import Text as FigureText

    chinese = chinese_font()
    families = ["DejaVu Sans", *([chinese] if chinese else [])]
    for text in figure.findobj(FigureText):
        text.set_fontfamily(families)
    with mpl.rc_context({"font.family": families}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def _own_identifiers(tag: str, prefix: str) -> str:
    tag = re.sub(r'(\sid="|href="#|url\(#)', rf"\g<1>{prefix}-", tag)
    return re.sub(r"font-family: [^;\"]*", f"font-family: {_CSS_FONTS}", tag)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").replace("\n", " ")
