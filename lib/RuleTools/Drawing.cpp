// SPDX-License-Identifier: Apache-2.0
//
// Layers by the longest way from the inputs; within a layer, in the order of what stands above.
#include "Drawing.h"

#include "fmt/format.h"

#include <algorithm>
#include <numeric>

namespace wnnx::pat {

static std::string escaped(std::string_view s) {
  std::string out;
  for (char c : s) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= 32)
      out += c;
  }
  return out;
}

std::string Drawing::svg() const {
  constexpr double letter = 7.4, small = 6.2, height = 38, gapX = 18, gapY = 34, margin = 12;
  size_t n = boxes.size();
  std::vector<size_t> layer(n, 0);
  // Edges go to later boxes or are sorted into order by repetition; a drawing is small.
  for (size_t round = 0; round < n; ++round) {
    bool changed = false;
    for (auto [from, to] : edges) {
      if (layer[to] < layer[from] + 1 && layer[from] + 1 < n) {
        layer[to] = layer[from] + 1;
        changed = true;
      }
    }
    if (!changed)
      break;
  }
  // Inputs stand right above what uses them first.
  for (size_t i = 0; i < n; ++i) {
    bool fed = false;
    size_t lowest = n;
    for (auto [from, to] : edges) {
      fed |= to == i;
      if (from == i)
        lowest = std::min(lowest, layer[to]);
    }
    if (!fed && lowest < n && lowest > 0)
      layer[i] = lowest - 1;
  }
  size_t layers = n ? *std::max_element(layer.begin(), layer.end()) + 1 : 0;
  std::vector<double> width(n), x(n, 0), y(n, 0);
  for (size_t i = 0; i < n; ++i)
    width[i] =
        std::max(letter * double(boxes[i].text.size()), small * double(boxes[i].note.size())) + 20;
  double total = 0;
  std::vector<std::vector<size_t>> rows(layers);
  for (size_t l = 0; l < layers; ++l) {
    std::vector<size_t> &row = rows[l];
    for (size_t i = 0; i < n; ++i) {
      if (layer[i] == l)
        row.push_back(i);
    }
    auto above = [&](size_t i) {
      double sum = 0;
      unsigned count = 0;
      for (auto [from, to] : edges) {
        if (to == i && layer[from] < l) {
          sum += x[from] + width[from] / 2;
          ++count;
        }
      }
      return count ? sum / count : 1e9;
    };
    if (l > 0)
      std::stable_sort(row.begin(), row.end(),
                       [&](size_t a, size_t b) { return above(a) < above(b); });
    double at = margin;
    for (size_t i : row) {
      x[i] = at;
      y[i] = margin + double(l) * (height + gapY);
      at += width[i] + gapX;
    }
    total = std::max(total, at - gapX + margin);
  }
  for (const auto &row : rows) {
    if (row.empty())
      continue;
    double used = x[row.back()] + width[row.back()] + margin;
    for (size_t i : row)
      x[i] += (total - used) / 2;
  }
  double tall = 2 * margin + double(layers) * height + (layers ? double(layers - 1) : 0) * gapY;
  std::string s = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"sans-serif\" font-size=\"13\">\n"
      "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
      "markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" "
      "fill=\"#555\"/></marker></defs>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      total, tall);
  for (auto [from, to] : edges) {
    double x1 = x[from] + width[from] / 2, y1 = y[from] + height;
    double x2 = x[to] + width[to] / 2, y2 = y[to];
    s += fmt::format("<path d=\"M{0:.0f} {1:.0f}C{0:.0f} {2:.0f} {3:.0f} {4:.0f} {3:.0f} {5:.0f}\" "
                     "fill=\"none\" stroke=\"#555\" marker-end=\"url(#a)\"/>\n",
                     x1, y1, y1 + gapY / 2, x2, y2 - gapY / 2, y2);
  }
  struct Style {
    const char *fill, *stroke, *extra;
    int radius;
  };
  static const Style styles[] = {
      {"#eef3fb", "#4a72b0", "", 18},                         // Input
      {"#f6f0e0", "#9a7b2c", "", 18},                         // Constant
      {"#e7f4e8", "#3c8a45", "", 4},                          // Op
      {"#f3e9f7", "#83509a", "", 10},                         // Group
      {"#f6f0e0", "#9a7b2c", " stroke-dasharray=\"4 3\"", 4}, // Computed
      {"#fff", "#555", " stroke-width=\"2\"", 18},            // Result
  };
  for (size_t i = 0; i < n; ++i) {
    const Style &st = styles[boxes[i].shape];
    bool noted = !boxes[i].note.empty();
    s += fmt::format("<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\" rx=\"{}\" "
                     "fill=\"{}\" stroke=\"{}\"{}/>\n",
                     x[i], y[i], width[i], height, st.radius, st.fill, st.stroke, st.extra);
    s += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>\n",
                     x[i] + width[i] / 2, y[i] + (noted ? 17 : 24), escaped(boxes[i].text));
    if (noted)
      s += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"middle\" font-size=\"10\" "
                       "fill=\"#555\">{}</text>\n",
                       x[i] + width[i] / 2, y[i] + 31, escaped(boxes[i].note));
  }
  return s + "</svg>\n";
}

} // namespace wnnx::pat
