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
  llvm::sys::fs::file_status status;
  bool exists = !llvm::sys::fs::status(path, status) && llvm::sys::fs::exists(status);
  if (exists && llvm::sys::fs::is_directory(status))
    return fileError(path, std::make_error_code(std::errc::is_a_directory));
  OutputFile out;
  out.path = path;
  if (exists && !llvm::sys::fs::is_regular_file(status)) {
    std::error_code ec;
    out.stream = std::make_unique<llvm::raw_fd_ostream>(path, ec);
    if (ec)
      return fileError(path, ec);
    return out;
  }
  int fd = -1;
  llvm::SmallString<128> temp;
  if (std::error_code ec =
          llvm::sys::fs::createUniqueFile(path + ".%%%%%%.tmp", fd, temp, llvm::sys::fs::OF_None,
                                          llvm::sys::fs::all_read | llvm::sys::fs::all_write))
    return fileError(path, ec);
  out.tempPath = std::string(temp);
  out.stream = std::make_unique<llvm::raw_fd_ostream>(fd, /*shouldClose=*/true);
  return out;
}

llvm::Error OutputFile::finish() {
  if (!stream)
    return llvm::Error::success();
  stream->close();
  std::error_code ec = stream->error();
  stream->clear_error();
  stream.reset();
  return ec ? fileError(path, ec) : llvm::Error::success();
}

llvm::Error OutputFile::commit() {
  if (llvm::Error e = finish())
    return e;
  if (tempPath.empty())
    return llvm::Error::success();
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
