// SPDX-License-Identifier: Apache-2.0
// A direct double-precision convolution on plain tensors, for the tests of convolution kernels.
#ifndef WNNRT_TEST_CONVREFERENCE_H
#define WNNRT_TEST_CONVREFERENCE_H

#include "KernelTest.h"

namespace wnnrt_test {

struct Shape {
  int n, ci, ih, iw, co, k, stride, dilation;
  int padTop = 0, padLeft = 0, padBottom = 0, padRight = 0, groups = 1;
  int kw = 0; // 0: k
};

inline wnnrt_conv2d_params paramsOf(const Shape &s) {
  wnnrt_conv2d_params p = {};
  p.n = s.n, p.ci = s.ci, p.ih = s.ih, p.iw = s.iw, p.co = s.co;
  p.kh = s.k, p.kw = s.kw ? s.kw : s.k;
  p.stride_h = p.stride_w = s.stride, p.dilation_h = p.dilation_w = s.dilation;
  p.pad_top = s.padTop, p.pad_left = s.padLeft, p.groups = s.groups;
  p.oh = (s.ih + s.padTop + s.padBottom - s.dilation * (p.kh - 1) - 1) / s.stride + 1;
  p.ow = (s.iw + s.padLeft + s.padRight - s.dilation * (p.kw - 1) - 1) / s.stride + 1;
  return p;
}

/// Exact result and, per element, the sum of absolute products that bounds rounding errors.
struct Exact {
  std::vector<double> y, magnitude;
};

inline Exact convolve(const wnnrt_conv2d_params &p, const std::vector<float> &x,
                      const std::vector<float> &w, const std::vector<float> &bias,
                      const std::vector<float> &residual) {
  Exact e;
  int icg = p.ci / p.groups, ocg = p.co / p.groups;
  for (int n = 0; n < p.n; ++n)
    for (int co = 0; co < p.co; ++co)
      for (int oy = 0; oy < p.oh; ++oy)
        for (int ox = 0; ox < p.ow; ++ox) {
          double sum = 0, magnitude = 0;
          for (int c = 0; c < icg; ++c)
            for (int r = 0; r < p.kh; ++r)
              for (int s = 0; s < p.kw; ++s) {
                int iy = oy * p.stride_h - p.pad_top + r * p.dilation_h;
                int ix = ox * p.stride_w - p.pad_left + s * p.dilation_w;
                if (iy < 0 || iy >= p.ih || ix < 0 || ix >= p.iw)
                  continue;
                double product =
                    double(w[((size_t(co) * icg + c) * p.kh + r) * p.kw + s]) *
                    double(x[((size_t(n) * p.ci + co / ocg * icg + c) * p.ih + iy) * p.iw + ix]);
                sum += product;
                magnitude += std::fabs(product);
              }
          size_t at = e.y.size();
          sum += bias.empty() ? 0 : double(bias[co]);
          double r = residual.empty() ? 0 : double(residual[at]);
          double value = p.residual_after_act ? exactAct(p.act, sum) + r : exactAct(p.act, sum + r);
          e.y.push_back(value);
          e.magnitude.push_back(magnitude + std::fabs(r) + 1);
        }
  return e;
}

inline testing::AssertionResult closeTo(const Exact &e, const std::vector<float> &got, double terms,
                                        double rounding = 1) {
  Comparison c;
  for (size_t i = 0; i < got.size(); ++i)
    c.add(i, double(got[i]), e.y[i], rounding * 1.2e-7 * (6 + std::sqrt(terms)) * e.magnitude[i]);
  return c.result();
}

} // namespace wnnrt_test
#endif // WNNRT_TEST_CONVREFERENCE_H
