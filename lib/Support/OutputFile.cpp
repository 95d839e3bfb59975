// SPDX-License-Identifier: Apache-2.0
//
// Temporary file, then rename.
#include "wnnx/Support/OutputFile.h"

#include "llvm/Support/FileSystem.h"

namespace wnnx {

static llvm::Error fileError(const std::string &path, std::error_code ec) {
  return llvm::createFileError(path, ec);
}

OutputFile::OutputFile(OutputFile &&o) noexcept
    : path(std::move(o.path)), tempPath(std::move(o.tempPath)), stream(std::move(o.stream)) {
  o.tempPath.clear();
}

OutputFile::~OutputFile() {
  if (stream) {
    stream->close();
    stream->clear_error();
  }
  if (!tempPath.empty())
    llvm::sys::fs::remove(tempPath);
}

llvm::Expected<OutputFile> OutputFile::create(const std::string &path) {
  if (llvm::sys::fs::is_directory(path))
    return fileError(path, std::make_error_code(std::errc::is_a_directory));
  int fd = -1;
  llvm::SmallString<128> temp;
  if (std::error_code ec =
          llvm::sys::fs::createUniqueFile(path + ".%%%%%%.tmp", fd, temp, llvm::sys::fs::OF_None,
                                          llvm::sys::fs::all_read | llvm::sys::fs::all_write))
    return fileError(path, ec);
  OutputFile out;
  out.path = path;
  out.tempPath = std::string(temp);
  out.stream = std::make_unique<llvm::raw_fd_ostream>(fd, /*shouldClose=*/true);
  return out;
}

llvm::Error OutputFile::commit() {
  stream->close();
  if (stream->has_error()) {
    std::error_code ec = stream->error();
    stream->clear_error();
    return fileError(path, ec);
  }
  stream.reset();
  if (std::error_code ec = llvm::sys::fs::rename(tempPath, path))
    return fileError(path, ec);
  tempPath.clear();
  return llvm::Error::success();
}

llvm::Error writeWholeFile(const std::string &path, std::string_view text) {
  llvm::Expected<OutputFile> file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  file->os().write(text.data(), text.size());
  return file->commit();
}

} // namespace wnnx
