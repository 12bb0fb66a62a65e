"""Why some techniques make no sense in some networks."""

from __future__ import annotations

from trainwell.locales import Text

NO_MEMORY = Text(
    en="it acts on the memory of a recurrent network, and this one has none; take dropout",
    zh="它作用于循环网络的记忆，而该网络没有循环记忆；请改用 dropout",
)
NO_MAPS = Text(
    en="it switches off whole feature maps of convolutions, and this one has none; take dropout",
    zh="它会关闭卷积的整张特征图，而该网络没有卷积；请改用 dropout",
)
