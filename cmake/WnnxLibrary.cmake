# wnnx_library(Name DEPENDS A B): a static library of all .cpp files beside the calling
# CMakeLists.txt, linked to the layers it includes.

function(wnnx_target_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wno-missing-field-initializers)
  # GCC 12 reports overlapping copies inside std::string's operator+ (its bug 105651).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(WNNX_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  # Exceptions and RTTI follow LLVM, whose classes we derive from.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
  if(NOT LLVM_ENABLE_RTTI)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>)
  endif()
  if(WNNX_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-omit-frame-pointer
                           -fno-sanitize-recover=undefined)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
    # In a library the sanitizer's own definition would go before it.
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
      target_sources(${target} PRIVATE "${PROJECT_SOURCE_DIR}/cmake/AsanOptions.cpp")
    endif()
  endif()
endfunction()

function(wnnx_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  if(NOT sources)
    return() # a layer that has no sources yet
  endif()
  add_library(wnnx${name} STATIC ${sources})
  target_include_directories(wnnx${name} PUBLIC "${PROJECT_SOURCE_DIR}/include")
  target_include_directories(wnnx${name} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS})
  wnnx_target_options(wnnx${name})
  foreach(dependency IN LISTS ARG_DEPENDS)
    target_link_libraries(wnnx${name} PUBLIC wnnx${dependency})
  endforeach()
endfunction()
