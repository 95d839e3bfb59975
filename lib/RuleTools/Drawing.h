// SPDX-License-Identifier: Apache-2.0
//
// Small graphs as SVG: boxes in layers, from the inputs at the top to the results at the bottom.
#pragma once

#include <string>
#include <vector>

namespace wnnx::pat {

struct Drawing {
  enum Shape { Input, Constant, Op, Group, Computed, Result };
  struct Box {
    Shape shape;
    std::string text, note; // the note stands below in small letters
    std::string title;      // shown when pointed at
  };
  std::vector<Box> boxes;
  std::vector<std::pair<size_t, size_t>> edges; // from, to

  size_t add(Shape shape, std::string text, std::string note = "") {
    boxes.push_back({shape, std::move(text), std::move(note), ""});
    return boxes.size() - 1;
  }
  std::string svg() const;
};

} // namespace wnnx::pat
