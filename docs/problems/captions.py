"""What each picture shows; the pictures themselves speak English, so the Chinese names their axes."""

from __future__ import annotations

from collections.abc import Mapping

from trainwell.locales import Text

BOTH = Text(
    en="Orange: the broken training; blue: the mended one. ",
    zh="橙色（broken）：有问题的训练；蓝色（mended）：改正后。",
)
PANELS = Text(en="Left: broken; right: mended. ", zh="左图（broken）：有问题；右图（mended）：改正后。")
LOSS_STEP = Text(
    en="Dashed: the loss of the best constant prediction.",
    zh="横轴（training step）：训练步；纵轴（loss of the batch）：批次损失；虚线：最佳常数预测的损失。",
)
LOSS_EPOCH = Text(
    en="Dashed: the loss of the best constant prediction.",
    zh="横轴（epochs）：轮数；纵轴（loss of the batch）：批次损失；虚线：最佳常数预测的损失。",
)
UPDATE = Text(
    en="Size of an update as a share of the weights, of the layer that moves most. Dashed: the doctor's threshold.",
    zh="横轴（training step）：训练步；纵轴：变化最大的层，其更新占权重的比例；虚线：诊断阈值。",
)


def _with(before: Text, en: str, zh: str) -> Text:
    return Text(en=before.en + en, zh=before.zh + zh)


CAPTIONS: Mapping[str, Text] = {
    "attention_collapse": _with(
        BOTH,
        "Entropy of the attention: 1 for looking everywhere alike, 0 for one place only. The broken one looks at one "
        "place from the first step on, before it can know which; the mended one begins by looking everywhere and "
        "becomes sharp as it learns. Dashed: the doctor's threshold, which counts only where nothing was learned.",
        "横轴（training step）：训练步；纵轴（entropy）：注意力的熵，1 为均匀关注，0 为只看一处。有问题的训练从第一步起"
        "就只盯着一处，那时它还不可能知道该看哪里；改正后先均匀关注，学会之后才变得集中。"
        "虚线：诊断阈值，仅在没有学会时才算数。",
    ),
    "batch_too_large": _with(BOTH, "Two steps per epoch do not bring the loss down in time. " + LOSS_EPOCH.en,
                             "每轮只有两步，损失来不及下降。" + LOSS_EPOCH.zh),
    "batch_too_small": _with(BOTH, "One sample per step: the loss leaps about, above that of knowing nothing. "
                             + LOSS_EPOCH.en, "每步只看一个样本，损失上下跳动，高于“一无所知”的水平。" + LOSS_EPOCH.zh),
    "class_imbalance": _with(
        PANELS,
        "What each class weighs in the loss: its samples times their weight.",
        "横轴（class）：类别；纵轴（samples × weight）：该类在损失中的分量，即样本数乘以权重。",
    ),
    "data_leakage": _with(
        PANELS,
        "Validation samples that the network has already seen in training (red), and new ones (grey).",
        "纵轴（validation samples）：验证样本数。红色（in training part, too）：训练部分中也有；灰色（new）：新样本。",
    ),
    "dying_relu": _with(
        BOTH,
        "Units of each layer that answered zero to every sample of the batch, in the last quarter of the training. "
        "Dashed: the doctor's threshold.",
        "横轴（layer）：各层；纵轴（share of dead units）：训练最后四分之一中，对批次所有样本都输出零的单元占比。"
        "虚线：诊断阈值。",
    ),
    "excessive_regularization": _with(
        BOTH,
        "How large all weights together are, against the start: the penalty pulls them to nothing. Dashed: the "
        "doctor's threshold.",
        "横轴（training step）：训练步；纵轴（norm of all weights）：全部权重的范数，起始值为 1；惩罚项把它们压向零。"
        "虚线：诊断阈值。",
    ),
    "exploding_gradient": _with(
        BOTH,
        "How large the outputs of each layer are, in the last quarter of the training: where the weights are too large "
        "they grow from layer to layer, and with them the gradient on its way back.",
        "横轴（hidden layer）：隐藏层；纵轴（standard deviation of the outputs）：训练最后四分之一中各层输出的标准差。"
        "权重过大时它逐层增大，反向传播的梯度也随之增大。",
    ),
    "insufficient_epochs": _with(BOTH, "The broken one ends where the other still has most of its way before it. "
                                 + LOSS_EPOCH.en, "有问题的训练在中途就结束了。" + LOSS_EPOCH.zh),
    "invalid_learning_rate": _with(
        BOTH,
        "Grey: where a rate of Adam can be meant.",
        "横轴（learning rate）：Adam 的学习率（每步的权重单位）；灰色（usable）：可用的范围。",
    ),
    "label_problem": _with(
        BOTH,
        "Accuracy on new samples; with labels of other samples it stays at guessing (dashed).",
        "横轴（epoch）：轮次；纵轴（validation accuracy）：验证准确率。标签与样本错位时，它停在猜测的水平（虚线）。",
    ),
    "learning_rate_too_high": _with(BOTH, UPDATE.en, UPDATE.zh),
    "learning_rate_too_low": _with(
        BOTH,
        "The way that the weights have gone so far, in multiples of their own size. Dashed: the doctor's threshold for "
        "the whole training.",
        "横轴（training step）：训练步；纵轴（way of the weights）：权重至今走过的路程（以自身大小为单位）。"
        "虚线：整个训练的诊断阈值。",
    ),
    "loss_not_finite": _with(
        BOTH,
        "The line of the broken training ends where the loss is no number any more; red crosses: the "
        "steps from there until it was stopped.",
        "横轴（training step）：训练步；纵轴（loss of the batch）：批次损失。有问题的训练在损失不再是数时中断；"
        "红叉：此后直到停止的各步。",
    ),
    "loss_output_mismatch": _with(
        BOTH,
        "What the loss says of an answer that is more and more right: with a second softmax it never comes near 0.",
        "横轴：网络给正确类别的概率；纵轴（loss）：损失。多做一次 softmax 后，即使完全正确，损失也到不了 0。",
    ),
    "missing_mask": _with(
        PANELS,
        "Sixteen sentences: words (blue), zeros that are read as if they were words (red), zeros that the mask hides "
        "(light grey).",
        "横轴（place in the sequence）：序列中的位置；纵轴（sentence）：句子。蓝色：词；红色：被当作词读入的零；"
        "浅灰：被掩码遮住的零。",
    ),
    "missing_nonlinearity": _with(
        PANELS,
        "Five outputs of the third layer on the straight way from one digit to another: without an activation they can "
        "only be straight lines.",
        "横轴：从一个数字到另一个数字的直线路径；纵轴（output of hidden_3）：第三层的五个输出。没有激活函数时，"
        "它们只能是直线。",
    ),
    "missing_warmup": _with(
        BOTH,
        "The first hundred steps: without a warm-up the very first updates are the largest. " + UPDATE.en,
        "最初一百步：没有预热时，最初几次更新最大。" + UPDATE.zh,
    ),
    "nan_in_data": _with(
        PANELS,
        "Missing values in each column.",
        "横轴（column of the table）：表格的列；纵轴（missing values）：缺失值所占百分比。",
    ),
    "one_batch_not_learned": _with(
        BOTH,
        "Loss of a copy that tries to learn 32 samples by heart, as a share of a constant prediction's. Dashed: the "
        "doctor's threshold at the end.",
        "横轴（training step）：训练步；纵轴：副本背诵 32 个样本时的损失（占常数预测损失的比例）。"
        "虚线：结束时的诊断阈值。",
    ),
    "oscillating_loss": _with(BOTH, LOSS_STEP.en, LOSS_STEP.zh),
    "overfitting": _with(
        PANELS,
        "Loss on the training samples (blue) and on new ones (orange); early stopping ends before the two part.",
        "横轴（epoch）：轮次；纵轴（loss）：均方误差。蓝色（training）：训练样本；橙色（validation）：新样本；早停在两者分开之前结束训练。",
    ),
    "poor_initialization": _with(
        PANELS,
        "Outputs of the hidden layer before the first step: dark is zero. Where all weights are alike, all units say "
        "the same.",
        "横轴（unit of the layer）：该层的单元；纵轴（sample）：样本。第一步之前隐藏层的输出，深色为零。"
        "权重全都相同时，所有单元说的都一样。",
    ),
    "saturated_activation": _with(
        BOTH,
        "Values of each layer that lie on the flat ends of tanh, in the last quarter of the training. Dashed: the "
        "doctor's threshold.",
        "横轴（layer）：各层；纵轴（share of saturated values）：训练最后四分之一中落在 tanh 平坦两端的值所占比例。"
        "虚线：诊断阈值。",
    ),
    "short_memory": _with(
        BOTH,
        "How strongly each step still moves the answer, mean of eight samples; the answer stood 49 steps back. Dashed: "
        "1% of the largest, below which a step is forgotten.",
        "横轴（steps back）：距最后一步的步数；纵轴（influence）：该步对回答的影响，八个样本的均值；"
        "答案位于 49 步之前。虚线：最大影响的 1%，低于它即为遗忘。",
    ),
    "slow_convergence": _with(BOTH, LOSS_STEP.en, LOSS_STEP.zh),
    "underfitting": _with(BOTH, LOSS_STEP.en, LOSS_STEP.zh),
    "unscaled_input": _with(
        PANELS,
        "What the first weights are given: least to largest value of each column (logarithmic beyond -1 and 1).",
        "横轴（column of the table）：表格的列；纵轴：第一层权重收到的各列最小值到最大值（-1 与 1 之外为对数刻度）。",
    ),
    "unscaled_target": _with(
        PANELS,
        "Targets (grey) and the answers of the untrained network (blue).",
        "横轴（value）：数值；纵轴（samples）：样本数。灰色（targets）：目标；"
        "蓝色（first answers）：未训练网络的回答。",
    ),
    "vanishing_gradient": _with(
        BOTH,
        "How strongly the loss pulls at one weight of each layer, in the last quarter of the training.",
        "横轴（hidden layer）：隐藏层；纵轴（gradient per weight）：训练最后四分之一中各层单个权重的梯度。",
    ),
    "wrong_activation": _with(
        PANELS,
        "What the hidden layer answers to one sample, unit by unit: softmax leaves 64 units one vote to share.",
        "横轴（unit, strongest first）：单元，从强到弱；纵轴（output for one sample）：隐藏层对一个样本的输出。"
        "softmax 让 64 个单元瓜分一票。",
    ),
    "wrong_input_shape": _with(
        PANELS,
        "Axes of one sample: those that the model takes above, those of the data below; red is what does not fit.",
        "一个样本的各轴（高、宽、通道）：上为模型要求的（the model takes），下为数据的（the data have）；"
        "红色为不相符处。",
    ),
    "wrong_loss": _with(
        PANELS,
        "What the loss wants to see for each kind: an amount, or the unit of the kind.",
        "横轴（unit of the last layer）：输出层的单元；纵轴：鸢尾花的种类。"
        "损失期望的回答：左为一个数量，右为各自的单元。",
    ),
    "wrong_output_activation": _with(
        PANELS,
        "First answers of the network to samples of both classes: with softmax on one unit they are all 1.",
        "横轴：未训练网络的回答；纵轴（samples）：样本数；颜色表示类别（class）。单个单元的 softmax 总是回答 1。",
    ),
    "wrong_output_units": _with(
        PANELS,
        "Samples of each class; red: the class has no unit in the last layer.",
        "横轴（class）：类别；纵轴（samples）：样本数；红色：输出层中没有对应单元的类别。",
    ),
}  # fmt: skip
