#include "ptx.h"

#include <cctype>
#include <map>
#include <stdexcept>

namespace emulator {
namespace {

// Words, numbers with the directives' leading dots, and single signs.
std::vector<std::string> tokens(const std::string& text) {
  std::vector<std::string> tokens;
  const auto inWord = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '$'; };
  for (std::size_t i = 0; i < text.size();) {
    if (text.compare(i, 2, "//") == 0) {
      i = text.find('\n', i);
    } else if (text.compare(i, 2, "/*") == 0) {
      i = text.find("*/", i);
      i = i == std::string::npos ? i : i + 2;
    } else if (inWord(text[i])) {
      std::size_t end = i;
      while (end < text.size() && inWord(text[end])) {
        end++;
      }
      tokens.push_back(text.substr(i, end - i));
      i = end;
    } else {
      if (!std::isspace(static_cast<unsigned char>(text[i]))) {
        tokens.push_back(std::string(1, text[i]));
      }
      i++;
    }
    if (i == std::string::npos) {
      break;
    }
  }
  return tokens;
}

class Parser {
 public:
  explicit Parser(const std::string& text) : tokens_(tokens(text)) {}

  PtxModule parse() {
    PtxModule module;
    while (at_ < tokens_.size()) {
      const std::string token = next();
      if (token == ".version") {
        const std::string version = next();
        const std::size_t dot = version.find('.');
        module.version = number(version.substr(0, dot)) * 10 + (dot == std::string::npos ? 0 : number(version.substr(dot + 1)));
      } else if (token == ".target") {
        const std::string target = next();
        if (target.compare(0, 3, "sm_") != 0) {
          throw std::runtime_error("the target is '" + target + "' and not sm_NN");
        }
        module.target = number(target.substr(3));
      } else if (token == ".entry") {
        module.entries.push_back(entry());
      }
    }
    if (module.version == 0 || module.target == 0) {
      throw std::runtime_error("it has no .version and .target");
    }
    return module;
  }

 private:
  std::string next() {
    if (at_ == tokens_.size()) {
      throw std::runtime_error("it ends in the middle of a declaration");
    }
    return tokens_[at_++];
  }

  static int number(const std::string& text) {
    if (text.empty() || !std::isdigit(static_cast<unsigned char>(text[0]))) {
      throw std::runtime_error("'" + text + "' is no number");
    }
    return std::stoi(text);
  }

  PtxEntry entry() {
    PtxEntry entry;
    entry.name = next();
    std::string token = next();
    if (token == "(") {
      while (token != ")") {
        token = parameter(entry);
      }
      token = next();
    }
    while (token != "{" && token != ";") {
      if (token == ".maxntid") {
        entry.maximumThreads = number(next());
        while (at_ < tokens_.size() && tokens_[at_] == ",") {
          next();
          entry.maximumThreads *= number(next());
        }
      }
      token = next();
    }
    if (token == "{") {
      body(entry);
    }
    return entry;
  }

  // One parameter; the token after it.
  std::string parameter(PtxEntry& entry) {
    std::size_t bytes = 0;
    std::string token = next();
    for (; token != "," && token != ")"; token = next()) {
      const std::size_t element = bytesOf(token);
      bytes = element != 0 ? element : bytes;
      if (token == "[") {
        bytes *= static_cast<std::size_t>(number(next()));
      }
    }
    if (bytes != 0) {
      entry.parameterBytes.push_back(bytes);
    }
    return token;
  }

  void body(PtxEntry& entry) {
    for (int depth = 1; depth > 0;) {
      const std::string token = next();
      depth += token == "{" ? 1 : token == "}" ? -1 : 0;
      if (token == ".shared" && at_ < tokens_.size() && tokens_[at_] == ".align") {
        std::size_t bytes = 0;
        for (std::string part = next(); part != ";"; part = next()) {
          const std::size_t element = bytesOf(part);
          bytes = element != 0 ? element : bytes;
          if (part == "[") {
            bytes *= static_cast<std::size_t>(number(next()));
          }
        }
        entry.sharedBytes += bytes;
      }
    }
  }

  static std::size_t bytesOf(const std::string& type) {
    static const std::map<std::string, std::size_t> BYTES = {
        {".u8", 1},  {".s8", 1},  {".b8", 1},  {".u16", 2}, {".s16", 2}, {".b16", 2}, {".f16", 2}, {".u32", 4},
        {".s32", 4}, {".b32", 4}, {".f32", 4}, {".u64", 8}, {".s64", 8}, {".b64", 8}, {".f64", 8}};
    const auto found = BYTES.find(type);
    return found == BYTES.end() ? 0 : found->second;
  }

  std::vector<std::string> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

PtxModule parsePtx(const std::string& text) { return Parser(text).parse(); }

}  // namespace emulator
