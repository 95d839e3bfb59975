// SPDX-License-Identifier: Apache-2.0
//
// Damaged and malicious files: every one ends in a message, and none in a crash, a hang or an
// allocation out of proportion. Run under the address sanitizer too.
#include "Fixtures.h"

#include "wnnx/Import/TorchScript/Pickle.h"
#include "wnnx/Import/TorchScript/Zip.h"

#include <gtest/gtest.h>
#include <random>
#include <zlib.h>

using namespace wnnx;
using namespace wnnx::testing;
using namespace std::string_literals;

namespace {

std::vector<uint8_t> fixture() {
  return readBytes(inputsFolder() / "v2_13/nested_script.pt");
}

TorchScriptOptions fixtureInputs() {
  return inputs({{"x", "f32[3,4]"}, {"pair.0", "f32[3,4]"}, {"pair.1", "f32[1,4]"}});
}

/// A failure must have been explained.
void importAnyhow(std::vector<uint8_t> bytes) {
  Diagnostics diags;
  bool imported = importBytes(std::move(bytes), fixtureInputs(), diags) != nullptr;
  EXPECT_TRUE(imported || diags.hasErrors());
}

TEST(Hostile, TruncationIsAnError) {
  std::vector<uint8_t> whole = fixture();
  for (size_t n = 0; n < whole.size(); n += n < 64 ? 1 : 13) {
    Diagnostics diags;
    EXPECT_EQ(importBytes({whole.begin(), whole.begin() + long(n)}, fixtureInputs(), diags),
              nullptr)
        << n;
    EXPECT_TRUE(diags.hasErrors());
  }
}

TEST(Hostile, AnyByteMayBeWrong) {
  std::vector<uint8_t> whole = fixture();
  for (size_t at = 0; at < whole.size(); ++at)
    for (uint8_t value : {uint8_t(whole[at] ^ 0x80), uint8_t(whole[at] + 1), uint8_t(0xff)}) {
      std::vector<uint8_t> bad = whole;
      bad[at] = value;
      importAnyhow(std::move(bad));
    }
}

TEST(Hostile, RandomDamage) {
  std::mt19937 random(5);
  for (const char *name : {"v2_13/loops_script.pt", "v2_13/weights_script.pt"}) {
    std::vector<uint8_t> whole = readBytes(inputsFolder() / name);
    for (unsigned round = 0; round < 300; ++round) {
      std::vector<uint8_t> bad = whole;
      for (unsigned i = 0; i < 8; ++i)
        bad[random() % bad.size()] = uint8_t(random());
      importAnyhow(std::move(bad));
    }
  }
}

// Archives whose checksums are right, so that what is inside is reached.

ZipWriter archive(std::string_view data, std::string_view constants, std::string_view code) {
  ZipWriter zip;
  zip.add("m/version", "3\n");
  zip.add("m/data.pkl", data);
  zip.add("m/constants.pkl", constants);
  zip.add("m/code/__torch__.py", code);
  return zip;
}

const std::string plainObject = "\x80\x02"
                                "c__torch__\nM\nq\0)\x81}b."s;
const std::string noConstants = "\x80\x02)."s;

std::string program(const std::string &body) {
  return "class M(Module):\n  __parameters__ = []\n  def forward(self: __torch__.M,\n    x: "
         "Tensor) -> Tensor:\n" +
         body;
}

std::string importText(const ZipWriter &zip, bool expectGood = false) {
  Diagnostics diags;
  auto g = importBytes(zip.finish(), inputs({{"x", "f32[2,3]"}}), diags);
  EXPECT_EQ(g != nullptr, expectGood) << diags.render();
  return diags.render();
}

std::string importProgram(const std::string &body) {
  return importText(archive(plainObject, noConstants, program(body)));
}

void expectPart(const std::string &text, const char *part) {
  EXPECT_NE(text.find(part), std::string::npos) << "`" << part << "` is missing from:\n" << text;
}

TEST(Hostile, HandWrittenArchiveWorks) {
  importText(archive(plainObject, noConstants, program("    return torch.relu(x)\n")), true);
}

TEST(Hostile, EndlessLoop) {
  expectPart(importProgram("    c = True\n    while c:\n      c = True\n    return x\n"),
             "a loop of more than");
  expectPart(importProgram("    for i in range(9223372036854775807):\n      pass\n    return x\n"),
             "a loop of");
}

TEST(Hostile, NestedLoopsRunOutOfSteps) {
  expectPart(
      importProgram("    for i in range(900000):\n      for j in range(900000):\n        pass\n"
                    "    return x\n"),
      "too many steps");
}

TEST(Hostile, EndlessRecursion) {
  expectPart(importProgram("    return (self).forward(x, )\n"), "calls itself");
}

TEST(Hostile, DeepNesting) {
  std::string deep(5000, '['), close(5000, ']');
  expectPart(importProgram("    y = " + deep + close + "\n    return x\n"), "nested too deeply");
  std::string chain = "x";
  for (int i = 0; i < 30000; ++i)
    chain += ".a";
  expectPart(importProgram("    y = " + chain + "\n    return x\n"), "nested too deeply");
}

TEST(Hostile, DeepTypes) {
  std::string type = "Any";
  for (int i = 0; i < 30000; ++i)
    type += "[int]";
  ZipWriter zip = archive(plainObject, noConstants,
                          "class M(Module):\n  def forward(self: __torch__.M,\n    x: " + type +
                              ") -> Tensor:\n    return x\n");
  expectPart(importText(zip), "has no default");
}

TEST(Hostile, GrowingValues) {
  expectPart(
      importProgram("    s = \"aaaaaaaa\"\n    for i in range(100):\n      s = torch.add(s, s)\n"
                    "    return x\n"),
      "too long");
  expectPart(importProgram("    s = [1, 2]\n    for i in range(100):\n      s = torch.add(s, s)\n"
                           "    return x\n"),
             "too long");
  expectPart(importProgram("    return torch.zeros([1000000, 1000000])\n"), "a tensor of shape");
  expectPart(importProgram("    return torch.arange(9000000000000000000)\n"), "impossible range");
  importProgram("    for i in range(60):\n      x = torch.cat([x, x])\n    return x\n");
}

TEST(Aliasing, WritesThatMayOrMayNotBeSeen) {
  // Whether `reshape` copies depends on the layout in which `relu` leaves a transposed tensor.
  std::string body = "    y = torch.relu(torch.transpose(x, 0, 1))\n    z = torch.reshape(y, [6])\n"
                     "    w = torch.add_(z, 1)\n    return ";
  expectPart(importProgram(body + "torch.sum(y)\n"), "may or may not change this tensor");
  importText(archive(plainObject, noConstants, program(body + "torch.sum(z)\n")), true);
}

TEST(Aliasing, WritesThroughExpandedTensors) {
  expectPart(importProgram("    y = torch.expand(torch.select(torch.relu(x), 0, 0), [2, 3])\n"
                           "    z = torch.add_(y, 1)\n    return y\n"),
             "through an expanded tensor");
}

TEST(Hostile, ListThatHoldsItself) {
  importProgram("    s = [1]\n    _0 = torch.append(s, s)\n    t = torch.eq(s, s)\n"
                "    u = torch.str(s)\n    return torch.tensor(s)\n");
}

TEST(Hostile, SyntaxErrorsAreLocated) {
  expectPart(importProgram("    return torch.relu(x\n"), "code/__torch__.py:");
  expectPart(importProgram("    x = = 3\n    return x\n"), "expected an expression");
  expectPart(importProgram("    return \"abc\n"), "string without an end");
  expectPart(importProgram("    return 99999999999999999999\n"), "64 bits");
  importProgram("  return x\n return x\n");
}

TEST(Hostile, NumbersAtTheirLimits) {
  std::string text = "    a = torch.floordiv(-9223372036854775807, -1)\n"
                     "    b = torch.sub(-9223372036854775807, 1)\n"
                     "    c = torch.floordiv(b, -1)\n    d = torch.remainder(b, -1)\n"
                     "    e = torch.mul(b, b)\n    f = torch.neg(b)\n"
                     "    g = torch.__range_length(b, 9223372036854775807, 1)\n"
                     "    return torch.slice(x, 0, b, 9223372036854775807, 9223372036854775807)\n";
  importText(archive(plainObject, noConstants, program(text)), true);
  expectPart(importProgram("    a = torch.div(1, 0)\n    return x\n"), "division by zero");
  expectPart(importProgram("    a = int(1e300)\n    return x\n"), "no 64-bit integer");
}

TEST(Hostile, ImpossibleShapes) {
  for (const char *body :
       {"    return torch.view(x, [-1, -1])\n",
        "    return torch.view(x, [9223372036854775807, 2])\n",
        "    return torch.expand(x, [9223372036854775807, 9223372036854775807, 3])\n",
        "    return torch.repeat(x, [9223372036854775807, 9223372036854775807])\n",
        "    return torch.select(x, 5, 0)\n",
        "    return torch.select(x, 0, -3)\n",
        "    return torch.permute(x, [0, 0])\n",
        "    return torch.chunk(x, 0)\n",
        "    return torch.split(x, -1)\n",
        "    return torch.unflatten(x, 0, [-2, -1])\n",
        "    return torch.conv2d(x, x, None, [0], [-1], [0], 0)\n",
        "    return torch.max_pool2d(x, [0, 0])\n",
        "    return torch.max_pool2d(x, [])\n",
        "    return torch.upsample_nearest2d(x, None, [1e300, -1.])\n",
        "    return torch.pixel_shuffle(x, 0)\n",
        "    return torch.roll(x, [1], [7])\n",
        "    return torch.index_put_(x, [None], x)\n",
        "    return torch.stack([x, torch.relu(x)], 9)\n",
        "    return torch.one_hot(torch.arange(3), -5)\n",
        "    return torch.squeeze(x, 9)\n",
        "    return torch.einsum(\"ij,jk->iz\", [x, x])\n",
        "    return torch.lstm(x, [], [], True, 1, 0., False, False, False)\n",
        "    return torch.layer_norm(x, [])\n",
        "    return torch.cat([], 0)\n",
        "    return torch.narrow(x, 0, 1, 9223372036854775807)\n",
        "    return torch.flatten(x, 1, 0)\n",
        "    return torch.movedim(x, [0, 0], [0, 1])\n",
        "    return torch.eye(9223372036854775807)\n",
        "    return torch.repeat_interleave(x, 9223372036854775807, 0)\n",
        "    return torch.pad(x, [9223372036854775807, 9223372036854775807])\n",
        "    return torch.slice_scatter(x, x, 0, 0, 1, 0)\n",
        "    return torch.index_select(torch.ones([3]), 0, torch.tensor([77]))\n"}) {
    Diagnostics diags;
    auto zip = archive(plainObject, noConstants, program(body));
    EXPECT_EQ(importBytes(zip.finish(), inputs({{"x", "f32[2,3]"}}), diags), nullptr) << body;
    EXPECT_TRUE(diags.hasErrors()) << body;
  }
}

// Pickles.

std::string pickleError(const std::string &bytes) {
  Diagnostics diags;
  llvm::ArrayRef<uint8_t> data(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  EXPECT_TRUE(failed(ts::readPickle(data, "p", diags))) << bytes;
  return diags.render();
}

TEST(HostilePickle, OnlyKnownOpcodesAndNames) {
  expectPart(pickleError("\x80\x02"
                         "cos\nsystem\n(X\x02\0\0\0idtR."s),
             "`os.system`");
  expectPart(pickleError("\x80\x02"
                         "i"),
             "opcode 0x69");
  expectPart(pickleError("\x80\x04."s), "protocol 4");
}

TEST(HostilePickle, StackAndMemo) {
  for (const std::string &p : {"."s,
                               "\x80\x02."s,
                               "\x80\x02NN."s,
                               "\x80\x02t."s,
                               "\x80\x02(("s,
                               "\x80\x02(N."s,
                               "\x80\x02h\x05."s,
                               "\x80\x02Nr\xff\xff\xff\xff."s,
                               "\x80\x02R."s,
                               "\x80\x02NNb."s,
                               "\x80\x02Q."s,
                               "\x80\x02X\xff\xff\xff\x7f"
                               "abc."s,
                               "\x80\x02\x8a\xff"
                               "12345678."s,
                               "\x80\x02(Nd."s,
                               "\x80\x02"
                               "cabc"s,
                               "\x80\x02)Q."s,
                               "\x80\x02q\0."s,
                               "\x80\x02\x85."s,
                               "\x80\x02"
                               "c__torch__\nA\n)\x81}bNb."s,
                               ""s})
    pickleError(p);
}

TEST(HostilePickle, ManyMarksAndDeepTuples) {
  pickleError("\x80\x02" + std::string(2'000'000, '(') + ".");
  // A value nested two million deep is no harm to the machine, and harmless to destroy.
  std::string deep = "\x80\x02N" + std::string(2'000'000, '\x85') + ".";
  Diagnostics diags;
  llvm::ArrayRef<uint8_t> data(reinterpret_cast<const uint8_t *>(deep.data()), deep.size());
  EXPECT_TRUE(succeeded(ts::readPickle(data, "p", diags)));
}

TEST(HostilePickle, ObjectsThatHoldThemselves) {
  // An attribute that is a list holding itself, and one that is the object.
  std::string cyclic = "\x80\x02"
                       "c__torch__\nM\n)\x81q\0}(X\x01\0\0\0a]q\1h\1aX\x01\0\0\0bh\0ub."s;
  expectPart(importText(archive(cyclic, noConstants, program("    a = self.a\n    return x\n"))),
             "holds itself");
  importText(archive(cyclic, noConstants, program("    b = self.b\n    return torch.relu(x)\n")),
             true);
}

// Zip archives.

TEST(HostileZip, Names) {
  for (const char *name : {"../x", "/etc/passwd", "m/../x", "m\\x", ""}) {
    ZipWriter zip = archive(plainObject, noConstants, program("    return x\n"));
    zip.add(name, "x");
    importText(zip);
  }
  ZipWriter twice = archive(plainObject, noConstants, program("    return x\n"));
  twice.add("m/version", "3\n");
  expectPart(importText(twice), "two entries are named `m/version`");
}

TEST(HostileZip, Bomb) {
  // A megabyte of zeros that claims to be, and one that turns out to be, far larger.
  std::vector<uint8_t> zeros(64u << 20), packed(1u << 20);
  z_stream z{};
  ASSERT_EQ(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
  z.next_in = zeros.data();
  z.avail_in = uInt(zeros.size());
  z.next_out = packed.data();
  z.avail_out = uInt(packed.size());
  ASSERT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  packed.resize(z.total_out);
  deflateEnd(&z);
  for (uint64_t claimed : {uint64_t(100), uint64_t(zeros.size() - 1), uint64_t(4000) << 20}) {
    ZipWriter zip = archive(plainObject, noConstants, program("    return x\n"));
    ZipWriter::Entry &e = zip.entries[1];
    e.data = packed;
    e.size = claimed;
    e.method = 8;
    importText(zip);
  }
}

TEST(HostileZip, WrongChecksumMethodAndEncryption) {
  ZipWriter zip = archive(plainObject, noConstants, program("    return x\n"));
  zip.entries[1].crc ^= 1;
  expectPart(importText(zip), "checksum");
  zip = archive(plainObject, noConstants, program("    return x\n"));
  zip.entries[1].method = 12;
  expectPart(importText(zip), "compression method 12");
  zip = archive(plainObject, noConstants, program("    return x\n"));
  zip.entries[1].flags |= 1;
  expectPart(importText(zip), "encrypted");
}

TEST(HostileZip, CompressedPicklesAreRead) {
  ZipWriter zip = archive(plainObject, noConstants, program("    return torch.relu(x)\n"));
  for (ZipWriter::Entry &e : zip.entries) {
    std::vector<uint8_t> packed(e.data.size() + 100);
    z_stream z{};
    ASSERT_EQ(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = e.data.data();
    z.avail_in = uInt(e.data.size());
    z.next_out = packed.data();
    z.avail_out = uInt(packed.size());
    ASSERT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
    packed.resize(z.total_out);
    deflateEnd(&z);
    e.data = packed;
    e.method = 8;
  }
  importText(zip, true);
}

TEST(HostileFormats, AreNamed) {
  auto text = [](std::string bytes) {
    Diagnostics diags;
    EXPECT_EQ(importBytes({bytes.begin(), bytes.end()}, {}, diags), nullptr);
    return diags.render();
  };
  expectPart(text(""), "the file is empty");
  expectPart(text("hello"), "not a zip archive");
  expectPart(text("\x80\x02}q\0."s), "checkpoint");
  expectPart(text("PYTORCH1abcdefghijklmnopqrstuvwxyz"), "older than 1.0");
  ZipWriter old;
  old.add("m/model.json", "{}");
  expectPart(importText(old), "older than 1.4");
  ZipWriter exported;
  exported.add("serialized_exported_program.json", "{}");
  expectPart(importText(exported), "torch.export");
  ZipWriter newer;
  newer.add("m/archive_format", "pt2");
  expectPart(importText(newer), "torch.export");
  ZipWriter two = archive(plainObject, noConstants, program("    return x\n"));
  two.entries[0] = ZipWriter().add("m/version", "2\n");
  expectPart(importText(two), "format version 2");
}

} // namespace
