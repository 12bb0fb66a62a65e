"""Labels and explanations of reports that belong to no entry of a catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from trainwell.locales.text import Text

METRICS: Mapping[str, Text] = {
    "loss": Text(en="Loss", zh="损失"),
    "accuracy": Text(en="Accuracy", zh="准确率"),
    "balanced_accuracy": Text(en="Balanced accuracy", zh="平衡准确率"),
    "mae": Text(en="Mean absolute error", zh="平均绝对误差"),
    "mse": Text(en="Mean squared error", zh="均方误差"),
    "rmse": Text(en="Root mean squared error", zh="均方根误差"),
    "r2": Text(en="R² (share of variance explained)", zh="R²（解释的方差比例）"),
    "all_labels_accuracy": Text(en="Samples with every label right", zh="所有标签都正确的样本"),
    "f1": Text(en="F1 (mean over the labels)", zh="F1（各标签的平均）"),
    "perplexity": Text(en="Perplexity", zh="困惑度"),
}

PARTS: Mapping[str, Text] = {
    "train": Text(en="Training", zh="训练"),
    "validation": Text(en="Validation", zh="验证"),
    "test": Text(en="Test", zh="测试"),
}

SEVERITIES: Mapping[str, Text] = {
    "error": Text(en="error", zh="错误"),
    "warning": Text(en="warning", zh="警告"),
    "note": Text(en="note", zh="提示"),
    "info": Text(en="note", zh="提示"),
}

KINDS: Mapping[str, Text] = {
    "image": Text(en="images", zh="图像"),
    "table": Text(en="table", zh="表格"),
    "sequence": Text(en="sequences", zh="序列"),
    "text": Text(en="text", zh="文本"),
    "audio": Text(en="sound", zh="声音"),
}

TASKS: Mapping[str, Text] = {
    "binary": Text(en="two classes", zh="二分类"),
    "multiclass": Text(en="{count} classes", zh="{count} 个类别"),
    "multilabel": Text(en="{count} labels, any number at once", zh="{count} 个标签，可同时有多个"),
    "regression": Text(en="numbers to predict (regression)", zh="预测数值（回归）"),
    "forecasting": Text(en="what comes next (forecasting)", zh="预测后续数值（时间序列预测）"),
    "language_model": Text(en="the next token (language model)", zh="预测下一个词元（语言模型）"),
}

UNITS: Mapping[str, Text] = {
    "": Text(en="", zh=""),
    "1": Text(en="", zh=""),
    "share": Text(en="", zh=""),
    "loss per weight unit": Text(en="loss per weight unit", zh="损失/权重单位"),
    "loss": Text(en="loss", zh="损失"),
    "step": Text(en="steps", zh="步"),
    "steps": Text(en="steps", zh="步"),
    "epoch": Text(en="epochs", zh="轮"),
    "epochs": Text(en="epochs", zh="轮"),
    "samples": Text(en="samples", zh="个样本"),
    "times": Text(en="times", zh="倍"),
    "factor": Text(en="times", zh="倍"),
    "values": Text(en="values", zh="个数值"),
    "layers": Text(en="layers", zh="层"),
    "ms": Text(en="ms", zh="毫秒"),
    "s": Text(en="s", zh="秒"),
}

SETTINGS: Mapping[str, Text] = {
    "network": Text(en="network", zh="网络"),
    "activation": Text(en="activation", zh="激活函数"),
    "initializer": Text(en="initializer", zh="初始化"),
    "optimizer": Text(en="optimizer", zh="优化器"),
    "learning_rate": Text(en="learning rate", zh="学习率"),
    "schedule": Text(en="schedule", zh="学习率计划"),
    "warmup": Text(en="warm-up", zh="预热"),
    "batch_size": Text(en="batch size", zh="批大小"),
    "epochs": Text(en="epochs", zh="轮数"),
    "seed": Text(en="seed", zh="随机种子"),
    "normalization": Text(en="normalisation", zh="归一化"),
    "dropout": Text(en="dropout", zh="Dropout"),
    "spatial_dropout": Text(en="spatial dropout", zh="空间 Dropout"),
    "l1": Text(en="L1", zh="L1"),
    "l2": Text(en="L2", zh="L2"),
    "weight_decay": Text(en="weight decay", zh="权重衰减"),
    "clip_value": Text(en="clipping by value", zh="按值裁剪"),
    "clip_norm": Text(en="clipping by norm", zh="按范数裁剪"),
    "global_clip_norm": Text(en="clipping by global norm", zh="按全局范数裁剪"),
    "label_smoothing": Text(en="label smoothing", zh="标签平滑"),
    "precision": Text(en="precision", zh="精度"),
    "early_stopping": Text(en="early stopping", zh="早停"),
    "validation": Text(en="validation share", zh="验证比例"),
    "padding": Text(en="padding", zh="填充"),
    "pooling": Text(en="pooling", zh="池化"),
    "filters": Text(en="filters", zh="卷积核数"),
    "hidden": Text(en="hidden layers", zh="隐藏层"),
    "dense": Text(en="dense units", zh="全连接单元"),
    "loss": Text(en="loss", zh="损失函数"),
    "output": Text(en="output", zh="输出层"),
    "output_initializer": Text(en="initializer of the output", zh="输出层初始化"),
}

STOPPED: Mapping[str, Text] = {
    "early_stopping": Text(
        en="Early stopping ended the training: the validation loss did not get better any more.",
        zh="早停结束了训练：验证损失不再下降。",
    ),
    "callback": Text(en="A callback ended the training before its last epoch.", zh="回调函数提前结束了训练。"),
    "interrupted": Text(
        en="The training was interrupted; what was learned until then is kept.",
        zh="训练被中断；此前学到的内容已保留。",
    ),
    "not_finite": Text(
        en="The training was stopped because the loss became NaN or infinite.",
        zh="损失变为 NaN 或无穷，训练已停止。",
    ),
}

# short names in tables, long explanations on the page
LABELS: Mapping[str, Text] = {
    "report": Text(en="Training report", zh="训练报告"),
    "contents": Text(en="Contents", zh="目录"),
    "how_to_read": Text(en="How to read this", zh="如何阅读"),
    "not_recorded": Text(en="Nothing was recorded for this in this run.", zh="本次运行没有这方面的记录。"),
    "footer": Text(en="Made by trainwell {version}.", zh="由 trainwell {version} 生成。"),
    # headline
    "result": Text(en="Result", zh="结果"),
    "result_how": Text(
        en="What counts is the test part: samples that the network never saw while it learned. Training far better "
        "than test means that it learned examples by heart.",
        zh="最重要的是测试部分：网络在学习时从未见过的样本。若训练结果远好于测试结果，说明网络只是死记了样本。",
    ),
    "metric": Text(en="Metric", zh="指标"),
    "samples": Text(en="Samples", zh="样本数"),
    "trivial": Text(en="Trivial answer", zh="最简单的回答"),
    "interval": Text(en="95% interval {low} to {high} (Wilson score)", zh="95% 置信区间 {low} 至 {high}（Wilson）"),
    "parameters": Text(en="Parameters", zh="参数量"),
    "epochs": Text(en="Epochs", zh="轮数"),
    "epochs_of": Text(en="{done} of {planned}", zh="{done} / {planned}"),
    "training_time": Text(en="Training time", zh="训练用时"),
    "problems": Text(en="Problems", zh="问题"),
    "steps": Text(en="Steps", zh="步数"),
    # findings
    "findings": Text(en="Findings", zh="诊断结果"),
    "findings_how": Text(
        en="Each finding is a problem that was recognised in the recorded numbers. What to mend first stands first; "
        "the evidence shows what was measured against what a sound training shows.",
        zh="每一条都是从记录的数值中识别出的问题。应先解决的排在最前；证据列出测得的数值与正常训练应有的数值。",
    ),
    "no_findings": Text(
        en="No problem was found; {count} kinds of problems were looked for.",
        zh="没有发现问题；共检查了 {count} 类问题。",
    ),
    "nothing_looked_for": Text(en="No problem could be looked for.", zh="没有任何问题能够被检查。"),
    "in_layers": Text(en="Layers: {names}", zh="层：{names}"),
    "finding_steps": Text(en="Steps {first} to {last}", zh="第 {first} 至 {last} 步"),
    "finding_step": Text(en="Step {first}", zh="第 {first} 步"),
    "whole_network": Text(en="whole network", zh="整个网络"),
    "confidence": Text(en="Confidence {value}", zh="可信度 {value}"),
    "follows_from": Text(en="Follows from: {title}", zh="起因于：{title}"),
    "evidence": Text(en="Evidence", zh="证据"),
    "measured": Text(en="Measured", zh="测得"),
    "expected": Text(en="Expected", zh="应有"),
    "where": Text(en="Where", zh="位置"),
    "at_step": Text(en="{where}, step {step}", zh="{where}，第 {step} 步"),
    "source": Text(en="Source of the threshold", zh="阈值来源"),
    "causes": Text(en="Possible causes", zh="可能的原因"),
    "confirm": Text(en="What would confirm it: {how}", zh="如何确认：{how}"),
    "remedies": Text(en="What to try", zh="可以尝试"),
    "not_checked": Text(en="Not checked", zh="未检查的项目"),
    "not_checked_how": Text(
        en="These problems may or may not be there: what is needed to see them was not available.",
        zh="这些问题可能存在，也可能不存在：缺少判断所需的信息。",
    ),
    "all_checked": Text(en="Everything that is known was checked.", zh="已知的问题均已检查。"),
    "checked": Text(en="Looked for: {names}.", zh="已检查：{names}。"),
    # curves
    "curves": Text(en="Learning curves", zh="学习曲线"),
    "curves_how": Text(
        en="Both curves of the loss should fall and stay close together. If validation rises while training falls, "
        "the network has begun to learn the examples by heart.",
        zh="两条损失曲线都应下降，并彼此接近。若验证损失上升而训练损失下降，说明网络开始死记样本。",
    ),
    "step_loss": Text(en="Loss of each step", zh="每一步的损失"),
    "step_loss_how": Text(
        en="One step shows the network one batch of samples. The loss of single batches jumps about; its trend counts. "
        "The band spans the least and the largest loss around each point.",
        zh="每一步向网络展示一个批次的样本。单个批次的损失会跳动，重要的是趋势。色带表示每一点附近的最小与最大损失。",
    ),
    "step_gradients": Text(en="Gradient norm and learning rate", zh="梯度范数与学习率"),
    "step_gradients_how": Text(
        en="The gradient says which way the weights should move, its norm how strongly. A norm that grows by orders of "
        "magnitude warns of an explosion; clipping cuts it down to a limit.",
        zh="梯度指出权重应往哪里移动，其范数表示有多强。范数成数量级地增长是梯度爆炸的前兆；裁剪把它限制在上限之内。",
    ),
    # layers
    "gradient_flow": Text(en="Gradient flow through the layers", zh="梯度在各层间的流动"),
    "gradient_flow_how": Text(
        en="Each row is a layer, the input on top; each column a moment of the training. The more a colour "
        "stands out from the page, the stronger the gradient. Rows that fade towards the top belong to layers that "
        "hardly learn (vanishing gradient).",
        zh="每一行是一层，输入在最上方；每一列是训练的一个时刻。颜色与页面反差越大，梯度越强。若越往上颜色越淡，"
        "说明靠近输入的层几乎学不到东西（梯度消失）。",
    ),
    "updates": Text(en="How far the weights move", zh="权重移动的幅度"),
    "updates_how": Text(
        en="Each step changes the weights by a small share of their size. About 10⁻³ is a usual value; far less "
        "means that a layer stands still, far more that it jumps. It is a rule of thumb, not a law.",
        zh="每一步把权重改变其大小的一小部分。通常约为 10⁻³；远低于此说明该层几乎不动，远高于此说明它在乱跳。"
        "这是经验值，并非定律。",
    ),
    "layers": Text(en="Weights and activations by layer", zh="各层的权重与激活"),
    "layers_how": Text(
        en="A healthy layer has an output that neither dies out (band of no width) nor grows without end, and few "
        "units that are always zero (dead) or stuck on the flat part of their activation (saturated).",
        zh="健康的层，其输出既不会衰减到零（色带没有宽度），也不会无限增大；始终为零（死亡）"
        "或停在激活函数平坦处（饱和）的单元很少。",
    ),
    "health": Text(en="Health of the layers at the end", zh="训练结束时各层的健康状况"),
    "health_how": Text(
        en="Mean of the last {looks} looks at each layer. The numbers in the last column are those of the findings.",
        zh="各层最后 {looks} 次观测的均值。最后一列的编号对应诊断结果。",
    ),
    "layer": Text(en="Layer", zh="层"),
    "gradient": Text(en="Gradient per weight", zh="单个权重的梯度"),
    "gradient_short": Text(en="Gradient", zh="梯度"),
    "update": Text(en="Update ratio", zh="更新比"),
    "update_short": Text(en="Update", zh="更新比"),
    "output": Text(en="Output (mean ± std)", zh="输出（均值 ± 标准差）"),
    "output_short": Text(en="Output", zh="输出"),
    "zeros": Text(en="Zeros", zh="零值"),
    "dead": Text(en="Dead", zh="死亡"),
    "saturated": Text(en="Saturated", zh="饱和"),
    "saturated_short": Text(en="Satur.", zh="饱和"),
    "state": Text(en="State", zh="状态"),
    "state_good": Text(en="no finding", zh="无问题"),
    # answers
    "answers": Text(en="Right and wrong answers", zh="正确与错误的回答"),
    "confusion_how": Text(
        en="Each row is a true class, each column what the network said. All that is off the diagonal is a mistake.",
        zh="每一行是真实类别，每一列是网络的回答。对角线以外的都是错误。",
    ),
    "pairs_how": Text(
        en="With {count} classes the full matrix cannot be read, so the pairs that are confused most are shown: true "
        "class, what the network said, the number of samples, and their share of the true class.",
        zh="共有 {count} 个类别，完整的矩阵难以阅读，因此只列出最容易混淆的类别对：真实类别、网络的回答、样本数，"
        "以及占真实类别的比例。",
    ),
    "no_mistakes": Text(en="No sample of the test part was answered wrongly.", zh="测试部分没有答错的样本。"),
    "mistakes": Text(en="Most confidently wrong", zh="最自信的错误"),
    "mistakes_how": Text(
        en="The mistakes the network was surest of. They often show wrong labels, unclear samples, or what the network "
        "has not understood.",
        zh="网络最有把握却答错的样本。它们往往揭示标签错误、含糊的样本，或网络尚未理解的东西。",
    ),
    "mistakes_shown": Text(en="{shown} of {all} mistakes", zh="{all} 个错误中的 {shown} 个"),
    "true": Text(en="True", zh="真实"),
    "predicted": Text(en="Predicted", zh="预测"),
    "probability": Text(en="Probability", zh="概率"),
    "sample": Text(en="Sample", zh="样本"),
    "regression_how": Text(
        en="Each point is a test sample: its true value from left to right, the prediction from bottom to top. On the "
        "dashed line the prediction is exact; above it is too high, below too low.",
        zh="每个点是一个测试样本：横向为真实值，纵向为预测值。落在虚线上表示预测准确；在其上方偏高，在其下方偏低。",
    ),
    "rival": Text(en="To beat: {name}", zh="对照：{name}"),
    # what was learned
    "learned": Text(en="What the network has learned", zh="网络学到了什么"),
    "learned_how": Text(
        en="Pictures of this network itself, after its training, on real samples that it did not learn from.",
        zh="以下图片来自训练后的网络本身，所用样本都没有参与训练。",
    ),
    "written": Text(en="What the network writes", zh="网络写出的文本"),
    "written_how": Text(
        en="Text that the trained network made up by itself, one token after the other. Look whether words, lines and "
        "punctuation are those of the texts it learned from; it imitates their form and knows nothing of the world.",
        zh="训练后的网络自己逐个词元写出的文本。请看用词、分行和标点是否与训练文本相像；它只模仿形式，并不了解世界。",
    ),
    "written_settings": Text(
        en="Temperature {temperature}, seed {seed}. For more: trainwell generate RUN",
        zh="温度 {temperature}，种子 {seed}。更多文本：trainwell generate RUN",
    ),
    # network, data
    "network": Text(en="The network", zh="网络"),
    "network_how": Text(
        en="The drawing shows the shape of what comes out of each layer, along the way of the data. A stack of sheets "
        "is a stack of feature maps (height×width×channels), a bar a vector of numbers.",
        zh="图中沿数据的流向画出每一层输出的形状。一叠薄片是一组特征图（高×宽×通道），一根长条是一个数值向量。",
    ),
    "kind": Text(en="Kind", zh="类型"),
    "activation": Text(en="Activation", zh="激活函数"),
    "output_shape": Text(en="Output shape", zh="输出形状"),
    "initializer": Text(en="Initializer", zh="初始化"),
    "total": Text(en="Total", zh="合计"),
    "data": Text(en="The data", zh="数据"),
    "data_how": Text(
        en="The network learns from the training part, the validation part is looked at after every epoch, and the "
        "test part only once at the end.",
        zh="网络从训练部分学习，每轮之后在验证部分上检查，测试部分只在最后使用一次。",
    ),
    "data_name": Text(en="Name", zh="名称"),
    "data_kind": Text(en="Kind", zh="类型"),
    "data_task": Text(en="Task", zh="任务"),
    "input_shape": Text(en="Shape of a sample", zh="样本形状"),
    "data_source": Text(en="Source", zh="来源"),
    "class": Text(en="Class", zh="类别"),
    "all_classes": Text(en="All", zh="合计"),
    "more_classes": Text(en="and {count} more classes", zh="以及另外 {count} 个类别"),
    "notes": Text(en="What was noticed while loading", zh="加载时注意到的情况"),
    # choices
    "choices": Text(en="Choices and reasons", zh="各项选择及理由"),
    "choices_how": Text(
        en="What was set, by you or by trainwell, and why. Each can be changed by its option.",
        zh="由您或 trainwell 设定的各项，以及理由。每一项都可以用相应的选项更改。",
    ),
    "setting": Text(en="Setting", zh="设置"),
    "value": Text(en="Value", zh="取值"),
    "reason": Text(en="Reason", zh="理由"),
    # reproduce
    "reproduce": Text(en="How to get this run again", zh="如何重现这次运行"),
    "reproduce_how": Text(
        en="The same command, versions, seed and data give the same weights on the same kind of machine.",
        zh="相同的命令、版本、随机种子和数据，在同类机器上会得到相同的权重。",
    ),
    "command": Text(en="Command", zh="命令"),
    "date": Text(en="Date", zh="日期"),
    "seed": Text(en="Seed", zh="随机种子"),
    "batch_size": Text(en="Batch size", zh="批大小"),
    "versions": Text(en="Versions", zh="版本"),
    "hardware": Text(en="Hardware", zh="硬件"),
    "cores": Text(en="{count} cores", zh="{count} 核"),
    "memory": Text(en="{size} GB memory", zh="{size} GB 内存"),
    "devices": Text(en="Devices", zh="计算设备"),
    "system": Text(en="System", zh="操作系统"),
    "fingerprint": Text(en="Data fingerprint (SHA-256)", zh="数据指纹（SHA-256）"),
    "blueprint": Text(en="Blueprint hash", zh="蓝图哈希"),
    "total_time": Text(en="Time of the whole command", zh="整个命令用时"),
    "step_time": Text(en="Time of one step (median)", zh="单步用时（中位数）"),
    "peak_memory": Text(en="Peak memory", zh="内存峰值"),
    "watching": Text(en="Watching", zh="观测"),
    "watching_all": Text(en="layers looked at in every step", zh="每一步都观测各层"),
    "watching_every": Text(en="layers looked at every {every} steps", zh="每 {every} 步观测一次各层"),
    "watching_cost": Text(en="each look costs {cost} of a step", zh="每次观测的开销为单步用时的 {cost}"),
    "code": Text(en="The network as Keras code", zh="网络的 Keras 代码"),
    # terminal
    "loss_by_epoch": Text(en="Loss by epoch", zh="各轮损失"),
    "files": Text(en="Files", zh="文件"),
    "page": Text(en="report", zh="报告"),
    "folder": Text(en="folder", zh="文件夹"),
    "overhead_line": Text(en="Watching cost {cost} of the training's time", zh="观测开销为训练时间的 {cost}"),
    "not_checked_line": Text(en="Not checked: {names}", zh="未检查：{names}"),
    "measured_line": Text(
        en="{what}{where}: {measured}, expected {expected}", zh="{what}{where}：{measured}，应为 {expected}"
    ),
    "in_layer": Text(en=" [{layer}]", zh=" [{layer}]"),
    "cause_line": Text(en="Cause: {text}", zh="原因：{text}"),
    "try_line": Text(en="Try: {text}", zh="尝试：{text}"),
    "evidence_line": Text(en="Evidence: {text}", zh="证据：{text}"),
    "more_layers": Text(en="{names} and {count} more", zh="{names} 等，另有 {count} 层"),
}


def listed(names: tuple[str, ...], most: int = 8) -> Text:
    """Names one after the other, the rest counted.

    >>> listed(("a", "b", "c"), most=2)["en"]
    'a, b and 1 more'
    """
    if len(names) <= most:
        return Text(en=", ".join(names), zh="、".join(names))
    shown = names[:most]
    both = Text(en=", ".join(shown), zh="、".join(shown))
    return LABELS["more_layers"].format(names=both, count=len(names) - most)
