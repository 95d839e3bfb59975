// SPDX-License-Identifier: Apache-2.0
//
// Answers of the language server as JSON: places, edits, tokens with their kinds, fixes.
#pragma once

#include "NameSearch.h"
#include "RuleDocument.h"
#include "wnnx/Support/Json.h"

namespace wnnx::pat {

/// "file:///a/b%20c.pat" as a path; other names stay. And back.
std::string pathOf(std::string_view uri);
std::string uriOf(const std::string &path);

std::string positionJson(Position p);
std::string rangeJson(SourceRange r);

/// The kinds of names in semantic tokens, for `initialize`.
std::string tokenLegendJson();
std::string semanticTokensJson(const RuleDocument &d);

/// Locations; `declarations` also those that declare the name.
std::string locationsJson(const std::vector<FoundUse> &uses, bool declarations);
/// A workspace edit that gives all uses another name.
std::string renameJson(const std::vector<FoundUse> &uses, const std::string &name);
/// Fixes of the messages that touch [begin, end] of the document.
std::string codeActionsJson(const RuleDocument &d, const std::string &uri, uint32_t begin,
                            uint32_t end);

} // namespace wnnx::pat
