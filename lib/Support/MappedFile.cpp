// SPDX-License-Identifier: Apache-2.0
//
// Read-only file maps through POSIX.
#include "wnnx/Support/MappedFile.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wnnx {

MappedFile::~MappedFile() {
  if (mapping)
    ::munmap(mapping, length);
}

void MappedFile::discardPages() const {
  if (mapping)
    (void)::madvise(mapping, length, MADV_DONTNEED); // a hint; nothing depends on it
}

llvm::Expected<std::shared_ptr<MappedFile>> MappedFile::open(const std::string &path) {
  auto fail = [&](int code) {
    return llvm::createFileError(path, std::error_code(code, std::generic_category()));
  };
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(errno);
  struct stat st;
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    int code = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    ::close(fd);
    return fail(code);
  }
  std::shared_ptr<MappedFile> file(new MappedFile());
  file->filePath = path;
  file->length = uint64_t(st.st_size);
  if (file->length) {
    void *p = ::mmap(nullptr, file->length, PROT_READ, MAP_PRIVATE, fd, 0);
    int code = errno;
    if (p == MAP_FAILED) {
      ::close(fd);
      return fail(code);
    }
    file->mapping = p;
    file->bytes = static_cast<const uint8_t *>(p);
  }
  ::close(fd);
  return file;
}

} // namespace wnnx
