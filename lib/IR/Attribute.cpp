// SPDX-License-Identifier: Apache-2.0
//
// Equality and text of attributes.
#include "wnnx/IR/Attribute.h"

#include "wnnx/Support/Check.h"

#include <bit>
#include <charconv>
#include <cmath>

namespace wnnx {

std::string_view attrKindName(AttrKind k) {
  switch (k) {
  case AttrKind::None:
    return "none";
  case AttrKind::Bool:
    return "bool";
  case AttrKind::Int:
    return "int";
  case AttrKind::Float:
    return "float";
  case AttrKind::Str:
    return "str";
  case AttrKind::DType:
    return "dtype";
  case AttrKind::Ints:
    return "ints";
  case AttrKind::Floats:
    return "floats";
  case AttrKind::Tensor:
    return "tensor";
  }
  return "?";
}

bool Attribute::operator==(const Attribute &o) const {
  if (kind() != o.kind())
    return false;
  auto same = [](double a, double b) {
    return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
  };
  switch (kind()) {
  case AttrKind::Float:
    return same(asFloat(), o.asFloat());
  case AttrKind::Floats: {
    if (asFloats().size() != o.asFloats().size())
      return false;
    for (size_t i = 0; i < asFloats().size(); ++i) {
      if (!same(asFloats()[i], o.asFloats()[i]))
        return false;
    }
    return true;
  }
  case AttrKind::Tensor:
    return asTensor().identical(o.asTensor());
  case AttrKind::None:
    return true;
  case AttrKind::Bool:
    return asBool() == o.asBool();
  case AttrKind::Int:
    return asInt() == o.asInt();
  case AttrKind::Str:
    return asStr() == o.asStr();
  case AttrKind::DType:
    return asDType() == o.asDType();
  case AttrKind::Ints:
    return asInts() == o.asInts();
  }
  return false;
}

std::string formatFloat(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char buffer[40];
  auto [end, ec] = std::to_chars(buffer, buffer + sizeof buffer, value);
  WNNX_CHECK(ec == std::errc(), "a double fits in 40 characters");
  std::string s(buffer, end);
  if (s.find_first_of(".e") == std::string::npos)
    s += ".0";
  return s;
}

std::string quote(std::string_view text) {
  static const char digits[] = "0123456789abcdef";
  std::string s = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      s += '\\';
      s += c;
    } else if (c == '\n') {
      s += "\\n";
    } else if (c == '\t') {
      s += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      s += "\\x";
      s += digits[(c >> 4) & 15];
      s += digits[c & 15];
    } else {
      s += c;
    }
  }
  return s + "\"";
}

std::string Attribute::str() const {
  auto list = [](const auto &items, auto text) {
    std::string s = "[";
    for (size_t i = 0; i < items.size(); ++i)
      s += (i ? ", " : "") + text(items[i]);
    return s + "]";
  };
  switch (kind()) {
  case AttrKind::None:
    return "none";
  case AttrKind::Bool:
    return asBool() ? "true" : "false";
  case AttrKind::Int:
    return std::to_string(asInt());
  case AttrKind::Float:
    return formatFloat(asFloat());
  case AttrKind::Str:
    return quote(asStr());
  case AttrKind::DType:
    return std::string(dtypeName(asDType()));
  case AttrKind::Ints:
    return list(asInts(), [](int64_t i) { return std::to_string(i); });
  case AttrKind::Floats:
    return list(asFloats(), [](double d) { return formatFloat(d); });
  case AttrKind::Tensor:
    return "tensor " + asTensor().type().str();
  }
  return "?";
}

} // namespace wnnx
