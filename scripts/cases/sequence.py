# SPDX-License-Identifier: Apache-2.0
"""Transformers, recurrent networks and plain products in which the cases occur."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from registry import case, settle


class Attention(nn.Module):
    """Self-attention over [N, S, D] with one product for q, k, v; `fused` uses PyTorch's function."""

    def __init__(self, d, heads, fused=True, causal=False):
        super().__init__()
        self.heads, self.fused, self.causal = heads, fused, causal
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)

    def forward(self, x):
        n, s, d = x.shape
        q, k, v = self.qkv(x).reshape(n, s, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        else:
            a = (q @ k.transpose(-2, -1)) * (d // self.heads) ** -0.5
            if self.causal:
                a = a + torch.full((s, s), float("-inf")).triu(1)
            y = a.softmax(-1) @ v
        return self.proj(y.transpose(1, 2).reshape(n, s, d))


class SplitAttention(nn.Module):
    """The same with a product each for q, k and v, as BERT has it."""

    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.proj = (nn.Linear(d, d) for _ in range(4))

    def forward(self, x):
        n, s, d = x.shape
        q, k, v = (m(x).view(n, s, self.heads, -1).transpose(1, 2) for m in (self.q, self.k, self.v))
        a = (q @ k.transpose(-2, -1) / (d // self.heads) ** 0.5).softmax(-1)
        return self.proj((a @ v).transpose(1, 2).reshape(n, s, d))


class Block(nn.Module):
    """Norm first, as in ViT and GPT."""

    def __init__(self, d, heads, **kind):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attn = Attention(d, heads, **kind)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x):
        x = x + self.attn(self.n1(x))
        return x + self.mlp(self.n2(x))


class ViT(nn.Module):
    def __init__(self, d=24, heads=3, layers=2, fused=True):
        super().__init__()
        self.patch = nn.Conv2d(3, d, 4, 4)
        self.cls, self.pos = nn.Parameter(torch.randn(1, 1, d)), nn.Parameter(torch.randn(1, 31, d))
        self.blocks = nn.Sequential(*(Block(d, heads, fused=fused) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, 10)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.pos
        return self.head(self.norm(self.blocks(x))[:, 0])


@case("A1", "encoder-rows", "three of twelve rows behind products, norms and residual sums",
      {"slice_linear": 1, "slice_unary": 1, "slice_layer_norm": 1, "slice_binary": 1}, macs=3.0)
def encoder_rows():
    class Net(nn.Module):
        def __init__(self, d=16):
            super().__init__()
            self.a, self.b = nn.Linear(d, 32), nn.Linear(32, d)
            self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, 5)

        def forward(self, x):
            x = x + self.b(F.gelu(self.a(x)))
            return F.softmax(self.head(self.norm(x)), -1)[:, 2:5]

    return settle(Net()), [torch.randn(2, 12, 16)]


@case("A1", "gather-eot", "CLIP's text tower: the row of the end token, chosen at run time",
      {"index_linear": 1, "index_layer_norm": 1}, macs=2.0)
def gather_eot():
    class Net(nn.Module):
        def __init__(self, d=16):
            super().__init__()
            self.emb, self.pos = nn.Embedding(50, d), nn.Parameter(torch.randn(9, d))
            self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))
            self.norm, self.proj = nn.LayerNorm(d), nn.Parameter(torch.randn(d, 12))

        def forward(self, ids):
            x = self.emb(ids) + self.pos
            x = self.norm(x + self.mlp(x))
            return x[torch.arange(ids.shape[0]), ids.argmax(-1)] @ self.proj

    return settle(Net()), [torch.randint(0, 50, (3, 9))]


@case("A2", "gpt-last-token", "GPT-style, two layers: logits of the last token only",
      {"slice_linear": 4, "slice_sdpa_causal": 1, "unmerge_rows": 1}, macs=1.5)
def gpt_last_token():
    class GPT(nn.Module):
        def __init__(self, d=24, vocab=96, length=16):
            super().__init__()
            self.tok, self.pos = nn.Embedding(vocab, d), nn.Embedding(length, d)
            self.blocks = nn.Sequential(*(Block(d, 3, causal=True) for _ in range(2)))
            self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, vocab, bias=False)

        def forward(self, ids):
            x = self.tok(ids) + self.pos(torch.arange(ids.shape[1]))
            return self.head(self.norm(self.blocks(x)))[:, -1]

    return settle(GPT()), [torch.randint(0, 96, (2, 13))]


@case("A3", "vit-cls", "ViT: the last block computes the class token's row only",
      {"slice_sdpa": 1, "slice_layer_norm": 1, "slice_linear": 1}, macs=1.4)
def vit_cls():
    return settle(ViT()), [torch.randn(2, 3, 20, 24)]


@case("A3", "vit-cls-written-out", "the same with attention written out in products",
      {"slice_matmul_rows": 1, "slice_softmax": 1}, macs=1.4)
def vit_cls_written_out():
    return settle(ViT(fused=False)), [torch.randn(2, 3, 20, 24)]


@case("A3", "bert-pooler", "BERT: the pooler takes the first row of the last layer (norm behind)",
      {"slice_linear": 1, "slice_layer_norm": 1}, macs=1.4)
def bert_pooler():
    class Layer(nn.Module):
        def __init__(self, d):
            super().__init__()
            self.attn, self.n1, self.n2 = SplitAttention(d, 4), nn.LayerNorm(d), nn.LayerNorm(d)
            self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

        def forward(self, x):
            x = self.n1(x + self.attn(x))
            return self.n2(x + self.down(F.gelu(self.up(x))))

    class Bert(nn.Module):
        def __init__(self, d=16):
            super().__init__()
            self.emb, self.pos = nn.Embedding(40, d), nn.Embedding(12, d)
            self.layers = nn.Sequential(Layer(d), Layer(d))
            self.pool = nn.Linear(d, d)

        def forward(self, ids):
            x = self.layers(self.emb(ids) + self.pos(torch.arange(ids.shape[1])))
            return torch.tanh(self.pool(x[:, 0]))

    return settle(Bert()), [torch.randint(0, 40, (3, 11))]


@case("A3b", "single-query", "one query: keys and values are never formed",
      {"single_query_keys": 1, "single_query_values_bias": 1}, macs=1.5)
def single_query():
    class Pool(nn.Module):
        """Attention pooling over tokens by one learned query, as in many aggregation heads."""

        def __init__(self, d=24):
            super().__init__()
            self.q, self.k, self.v = (nn.Linear(d, d) for _ in range(3))

        def forward(self, x):
            q = self.q(x[:, :1])
            a = (q @ self.k(x).transpose(1, 2) * 24 ** -0.5).softmax(-1)
            return a @ self.v(x)

    return settle(Pool()), [torch.randn(2, 40, 24)]


@case("A5", "qkv", "separate products for q, k, v are one", {"merge_linears": 1}, rules="default.pat merge.pat")
def qkv():
    return settle(SplitAttention(16, 4)), [torch.randn(3, 7, 16)]


@case("A6", "linear-features", "half of a product's features are used", {"slice_linear_features": 1},
      macs=1.5)
def linear_features():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(12, 40), nn.Linear(10, 3)

        def forward(self, x):
            return self.b(torch.tanh(self.a(x))[..., 5:15])

    return settle(Net()), [torch.randn(2, 5, 12)]


@case("A10", "linear-chain", "two products without an activation between", {"linear_linear": 1},
      macs=2.0)
def linear_chain():
    return settle(nn.Sequential(nn.Linear(10, 64), nn.Dropout(), nn.Linear(64, 6), nn.ReLU())), \
        [torch.randn(2, 5, 10)]


@case("B5", "linear-attention", "(Q K^T) V without a softmax is Q (K^T V)", {"reassociate_right": 1},
      macs=2.0)
def linear_attention():
    class Net(nn.Module):
        def forward(self, q, k, v):
            return torch.relu(q) @ k.transpose(-2, -1) @ v

    return Net().eval(), [torch.randn(2, 3, 50, 8) for _ in range(3)]


@case("B5", "weight-absorption", "decoding with latent keys (MLA): the key expansion joins the query",
      {"single_query_keys": 1, "linear_linear": 1}, macs=2.0)
def weight_absorption():
    class Net(nn.Module):
        """One query against a cache of compressed keys, which a product expands."""

        def __init__(self, d=32, latent=8):
            super().__init__()
            self.q, self.uk = nn.Linear(d, d, bias=False), nn.Linear(latent, d, bias=False)

        def forward(self, x, cache):
            return (self.q(x) @ self.uk(cache).transpose(1, 2)).softmax(-1)

    return settle(Net()), [torch.randn(2, 1, 32), torch.randn(2, 60, 8)]


@case("B19", "tables", "rotary tables, masks and grids that depend on nothing are computed once",
      {}, macs=1.0)
def tables():
    class Net(nn.Module):
        def __init__(self, d=8):
            super().__init__()
            self.a = nn.Linear(d, d)

        def forward(self, x):
            s, d = x.shape[-2:]
            t = torch.arange(s).float()[:, None] / 10 ** (torch.arange(d // 2).float() / d)
            cos, sin = torch.cat([t, t], -1).cos(), torch.cat([t, t], -1).sin()
            y = self.a(x)
            half = torch.cat([-y[..., d // 2:], y[..., :d // 2]], -1)
            return y * cos + half * sin

    return settle(Net()), [torch.randn(2, 6, 8)]


@case("C7", "last-step", "RNN: the classifier on all steps, of which the last one is used",
      {"slice_linear": 1}, macs=1.5)
def last_step():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.fc = nn.LSTM(6, 8, batch_first=True), nn.Linear(8, 64)

        def forward(self, x):
            return F.log_softmax(self.fc(self.rnn(x)[0]), -1)[:, -1]

    return settle(Net()), [torch.randn(2, 9, 6)]


@case("C7", "bidirectional", "both directions of which the last step is used: one step backwards",
      {"slice_gru_bidirectional": 1}, macs=1.5)
def bidirectional():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.fc = nn.GRU(6, 8, batch_first=True, bidirectional=True), nn.Linear(16, 3)

        def forward(self, x):
            return self.fc(self.rnn(x)[0][:, -1])

    return settle(Net()), [torch.randn(2, 9, 6)]


class CrossDecoder(nn.Module):
    """A decoder that looks at the states of an encoder; keys and values are made of these alone."""

    def __init__(self, d=24, heads=3, layers=2):
        super().__init__()
        self.heads = heads
        self.layers = nn.ModuleList(
            nn.ModuleDict({n: nn.Linear(d, d) for n in ("q", "k", "v", "o", "up")} | {
                "norm": nn.LayerNorm(d)}) for _ in range(layers))

    def forward(self, x, states):
        def split(t):
            return t.view(t.shape[0], t.shape[1], self.heads, -1).transpose(1, 2)

        for l in self.layers:
            y = F.scaled_dot_product_attention(split(l["q"](l["norm"](x))), split(l["k"](states)),
                                               split(l["v"](states)))
            x = x + l["o"](y.transpose(1, 2).flatten(2))
            x = x + F.gelu(l["up"](x))
        return x


@case("B7", "cross-attention", "decoder step: keys and values of the encoder's states once, not in each step",
      {"norm_linear": 2}, macs=8.0, split="states")
def cross_attention():
    return settle(CrossDecoder()), [torch.randn(2, 1, 24), torch.randn(2, 30, 24)]


@case("B7", "unrolled", "three steps unrolled: the same keys and values are made once", {}, macs=2.0)
def unrolled():
    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.decoder = CrossDecoder(layers=1)

        def forward(self, x, states):
            for _ in range(3):
                x = self.decoder(x, states)
            return x

    return settle(Loop()), [torch.randn(2, 1, 24), torch.randn(2, 30, 24)]
