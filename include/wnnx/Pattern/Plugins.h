// SPDX-License-Identifier: Apache-2.0
//
// Loads plugins, whose functions rule files declare with `extern fn`. They stay loaded until the
// program ends; load them before the rule files.
#pragma once

#include "wnnx/Pattern/Plugin.h"
#include "wnnx/Support/Diagnostics.h"

namespace wnnx::pat {

/// False when one cannot be loaded, which has been reported.
bool loadPlugins(const std::vector<std::string> &paths, Diagnostics &diags);

/// The function of that name, of any plugin loaded; null when there is none.
wnnx_pat_function findPluginFunction(std::string_view name);
/// A hash of the file of the plugin that has the function; empty when it could not be read.
std::string pluginDigest(std::string_view name);
/// Names of all functions, sorted.
std::vector<std::string_view> pluginFunctions();

} // namespace wnnx::pat
