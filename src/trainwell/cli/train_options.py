"""What the options of `trainwell train` say about themselves."""

from trainwell.locales import Text

PANELS = {
    "network": Text(en="The network", zh="网络"),
    "training": Text(en="The training", zh="训练"),
    "data": Text(en="The data", zh="数据"),
    "output": Text(en="Output", zh="输出"),
}
OPTIONS = {
    "network": Text(
        en="mlp, cnn, resnet, rnn, lstm, gru or transformer; chosen from the data if not given.",
        zh="mlp、cnn、resnet、rnn、lstm、gru 或 transformer；默认由数据决定。",
    ),
    "hidden": Text(
        en="Widths of an MLP's hidden layers: 64,64 or 32x30 (30 layers of 32).",
        zh="MLP 隐藏层宽度：64,64 或 32x30（30 层，每层 32）。",
    ),
    "filters": Text(en="Filters of a CNN's convolutions: 32,64.", zh="CNN 各卷积层的滤波器数：32,64。"),
    "dense": Text(en="Units of a CNN's dense layer.", zh="CNN 全连接层的神经元数。"),
    "layers": Text(en="Recurrent layers on top of each other.", zh="循环层的层数。"),
    "units": Text(en="Size of a recurrent network's memory.", zh="循环网络记忆的大小（神经元数）。"),
    "bidirectional": Text(en="Whether it reads from both ends.", zh="是否从两端双向读取。"),
    "blocks": Text(
        en="Blocks of a Transformer, or residual blocks of a stage.", zh="Transformer 的块数，或每个阶段的残差块数。"
    ),
    "width": Text(en="Numbers per step of a Transformer.", zh="Transformer 每步的维度。"),
    "heads": Text(en="Attention heads of a Transformer.", zh="Transformer 的注意力头数。"),
    "feed_forward": Text(en="Hidden units in each Transformer block.", zh="Transformer 每块中前馈层的神经元数。"),
    "positions": Text(en="learned or sinusoidal.", zh="位置编码：learned 或 sinusoidal。"),
    "norm_first": Text(
        en="Normalise before (calmer) or behind each part of a Transformer block.",
        zh="Transformer 各部分之前（更稳定）或之后做归一化。",
    ),
    "embedding": Text(en="Numbers per token.", zh="每个词元的向量维度。"),
    "pooling": Text(
        en="From steps to one answer: last, mean, max or attention.",
        zh="由各步得到一个答案：last、mean、max 或 attention。",
    ),
    "augment": Text(en="Vary the pictures while training: flip and shift.", zh="训练时随机翻转和平移图像。"),
    "activation": Text(
        en="relu, leaky_relu, tanh, sigmoid, elu, selu, gelu, silu.",
        zh="relu、leaky_relu、tanh、sigmoid、elu、selu、gelu、silu。",
    ),
    "initializer": Text(
        en="he_normal, glorot_uniform, ...; follows from the activation.",
        zh="he_normal、glorot_uniform 等；默认随激活函数而定。",
    ),
    "normalization": Text(
        en="batch_normalization, layer_normalization or none.", zh="batch_normalization、layer_normalization 或 none。"
    ),
    "dropout": Text(en="Share of units dropped after dense layers, 0 to 1.", zh="全连接层之后随机丢弃的比例，0 到 1。"),
    "spatial_dropout": Text(
        en="Share of feature maps dropped after convolutions.", zh="卷积之后随机丢弃的特征图比例。"
    ),
    "recurrent_dropout": Text(en="Share of a recurrent network's memory dropped.", zh="循环网络记忆的丢弃比例。"),
    "l1": Text(en="L1 penalty on the weights.", zh="权重的 L1 惩罚。"),
    "l2": Text(en="L2 penalty on the weights, e.g. 1e-4.", zh="权重的 L2 惩罚，例如 1e-4。"),
    "optimizer": Text(
        en="adam, adamw, sgd, momentum, nesterov, rmsprop.", zh="adam、adamw、sgd、momentum、nesterov、rmsprop。"
    ),
    "learning_rate": Text(en="Follows from the optimizer if not given.", zh="默认随优化器而定。"),
    "schedule": Text(
        en="cosine if not given; constant, linear, exponential, step, inverse_time.",
        zh="默认 cosine；还有 constant、linear、exponential、step、inverse_time。",
    ),
    "warmup": Text(en="Steps over which the rate rises from 0.", zh="学习率从 0 升起的步数。"),
    "clip_value": Text(
        en="Clip every gradient value to this size; 0: no clipping.", zh="将每个梯度值裁剪到该大小；0 表示不裁剪。"
    ),
    "clip_norm": Text(
        en="Clip the gradient of each weight to this L2 norm; 0: no clipping.",
        zh="将每个权重的梯度裁剪到该 L2 范数；0 表示不裁剪。",
    ),
    "global_clip_norm": Text(
        en="Clip all gradients together to this L2 norm; 0: no clipping.",
        zh="将全部梯度一起裁剪到该 L2 范数；0 表示不裁剪。",
    ),
    "weight_decay": Text(en="Decay of the weights, apart from the loss.", zh="独立于损失的权重衰减。"),
    "label_smoothing": Text(
        en="How much of each label is spread over the other classes.", zh="分给其他类别的标签比例。"
    ),
    "precision": Text(en="float32, mixed_bfloat16 or mixed_float16.", zh="float32、mixed_bfloat16 或 mixed_float16。"),
    "epochs": Text(
        en="Passes over the data; chosen from network and data if not given.",
        zh="遍历数据的轮数；默认由网络和数据决定。",
    ),
    "batch_size": Text(en="Samples of one step: 32 for most networks.", zh="每步的样本数：多数网络为 32。"),
    "early_stopping": Text(
        en="Epochs without progress on validation data before it stops: 5; 0 for never.",
        zh="验证数据上多少轮没有进步就停止：默认 5；0 表示从不。",
    ),
    "balanced": Text(en="Weigh rare classes up in the loss.", zh="在损失中提高稀有类别的权重。"),
    "seed": Text(en="Fixes weights, order and dropout: 0.", zh="固定初始权重、顺序与 dropout：默认 0。"),
    "validation": Text(en="Share of the samples for validation: 0.1.", zh="用于验证的样本比例：默认 0.1。"),
    "test": Text(
        en="Share of the samples for the test, if the data have no test part: 0.2.",
        zh="用于测试的样本比例：默认 0.2（数据自带测试集时不用）。",
    ),
    "split_seed": Text(en="Fixes which samples are held out.", zh="固定哪些样本被留出。"),
    "image_size": Text(en="Side of the images, or HEIGHTxWIDTH.", zh="图像边长，或 高x宽。"),
    "task": Text(
        en="binary, multiclass, multilabel, regression, forecasting, language_model; from the data if not given.",
        zh="binary、multiclass、multilabel、regression、forecasting 或 language_model；默认由数据判断。",
    ),
    "kind": Text(
        en="image, table, sequence, text or audio; seen from the data if not given.",
        zh="image、table、sequence、text 或 audio；默认由数据判断。",
    ),
    "target": Text(
        en="Column to predict, or several with commas; found by itself if not given.",
        zh="要预测的列，多个用逗号分隔；默认自动寻找。",
    ),
    "text": Text(
        en="Column of the text, or several with commas; found by itself if not given.",
        zh="文本所在的列，多个用逗号分隔；默认自动寻找。",
    ),
    "time": Text(
        en="Column of the time: the target is forecast from what came before.", zh="时间列：根据过去预测目标的后续值。"
    ),
    "series": Text(
        en="Column that says to which sequence a row belongs (one row per step).",
        zh="标明每行属于哪条序列的列（每行一个时间步）。",
    ),
    "drop": Text(en="Columns to leave out, with commas.", zh="不使用的列，用逗号分隔。"),
    "window": Text(en="Forecasting: steps that are looked at.", zh="时间序列预测：向前看的步数。"),
    "horizon": Text(en="Forecasting: steps that are predicted: 1.", zh="时间序列预测：预测的步数，默认 1。"),
    "tokens": Text(
        en="How text is cut: characters (Chinese; to be continued), words (else) or byte_pair (of much text).",
        zh="文本的切分方式：characters（中文、续写的默认）、words（其他默认）、byte_pair（文本很多时的默认）。",
    ),
    "vocabulary": Text(en="Largest number of different tokens.", zh="不同词元的最大数量。"),
    "max_length": Text(
        en="Longest text in tokens, or sequence in steps; what is behind is cut off.",
        zh="文本的最大词元数，或序列的最大步数；超出部分被截去。",
    ),
    "sample_rate": Text(en="Sound is resampled to this rate, in Hz.", zh="声音重采样到该采样率（Hz）。"),
    "max_seconds": Text(en="Longest sound; what is behind is cut off.", zh="声音的最长秒数；超出部分被截去。"),
    "encoding": Text(
        en="Of text files, such as gb18030; found by itself if not given.",
        zh="文本文件的编码，例如 gb18030；默认自动识别。",
    ),
    "test_names": Text(
        en='Files whose name fits are the test part: "*_[0-4].wav".', zh='名称匹配的文件作为测试部分："*_[0-4].wav"。'
    ),
    "out": Text(en="Folder of the run; runs/NAME-1, ... if not given.", zh="运行文件夹；默认为 runs/名称-1 等。"),
    "resume": Text(en="Go on with the unfinished run in --out.", zh="继续 --out 中未完成的运行。"),
    "every": Text(
        en="Look into the layers every so many steps; chosen from the measured cost if not given.",
        zh="每隔多少步查看各层；默认按实测开销选择。",
    ),
    "watch": Text(en="Look into the layers while training.", zh="训练时查看各层。"),
}
