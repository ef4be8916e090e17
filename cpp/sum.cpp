// Turns the calls of ffi-rs's README into results: our own functions under the names and C signatures it uses.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

// What a function here returns comes from malloc, so that DataType.External with PointerType.CPointer frees it rightly.
template <typename T> static T *allocate(std::size_t count) { return static_cast<T *>(std::calloc(count + 1, sizeof(T))); }

template <typename T> static T *copyArray(const T *items, int count) {
  T *copy = allocate<T>(static_cast<std::size_t>(count));
  for (int i = 0; copy != nullptr && i < count; i++) copy[i] = items[i];
  return copy;
}

static char *copyString(const char *text) { return text == nullptr ? nullptr : strdup(text); }

static char **copyStrings(char **texts, int count) {
  char **copy = allocate<char *>(static_cast<std::size_t>(count));
  for (int i = 0; copy != nullptr && i < count; i++) copy[i] = copyString(texts[i]);
  return copy;
}

// JavaScript's output does not pass through stdio: without the flush ours would come last.
static void say(const char *what, const char *value) {
  std::printf("%s: %s\n", what, value);
  std::fflush(stdout);
}

extern "C" {
int sum(int a, int b) { return static_cast<int>(static_cast<unsigned>(a) + static_cast<unsigned>(b)); }
double doubleSum(double a, double b) { return a + b; }
uint32_t testU32(uint32_t a, uint32_t b) { return a + b; }
bool return_opposite(bool input) { return !input; }
void noRet() { say("noRet", "hello world"); }

const char *concatenateStrings(const char *str1, const char *str2) {
  std::size_t length = std::strlen(str1);
  char *joined = allocate<char>(length + std::strlen(str2));
  if (joined == nullptr) return nullptr;
  std::strcpy(joined, str1);
  std::strcpy(joined + length, str2);
  return joined;
}

// Writes 1, 2, 3, 4, 5 at the start of the buffer and returns how many bytes it wrote.
int modifyData(char *buffer) {
  for (int i = 0; i < 5; i++) buffer[i] = static_cast<char>(i + 1);
  return 5;
}

int *createArrayi32(const int *arr, int size) { return copyArray(arr, size); }
double *createArrayDouble(const double *arr, int size) { return copyArray(arr, size); }
// Copies the strings too: the caller's end with the call.
char **createArrayString(char **arr, int size) { return copyStrings(arr, size); }

void receiveNumPointer(const int *num) {
  char text[16];
  std::snprintf(text, sizeof text, "%d", *num);
  say("receiveNumPointer", text);
}
void receiveStringPointer(const char *str) { say("receiveStringPointer", str); }
const char *returnStringPointer() { return copyString("hello"); }
}

// Trivially destructible and in a block of malloc's, so that libc's free alone is its right end.
class MyClass {
public:
  MyClass(const char *name, int age) : age_(age) { std::snprintf(name_, sizeof name_, "%s", name); }
  void print() const {
    char text[128];
    std::snprintf(text, sizeof text, "name %s, age %d", name_, age_);
    say("MyClass", text);
  }

private:
  char name_[64];
  int age_;
};

extern "C" {
MyClass *createMyClassFromC(const char *name, int age) {
  void *block = std::malloc(sizeof(MyClass));
  return block == nullptr ? nullptr : new (block) MyClass(name, age);
}
void printMyClass(MyClass *instance) { instance->print(); }
}

constexpr int scoreCount = 3;
constexpr int nicknameCount = 2;

struct Person {
  char *name;
  int age;
  bool active;
  double height;
  float weight;
  int64_t id;
  uint8_t staticBytes[16];
  int *scores;      // scoreCount of them
  char **nicknames; // nicknameCount of them
  Person *parent;   // or NULL
};

static Person *makePerson(const char *name, int age, Person *parent) {
  static const int scores[scoreCount] = {101, 202, 303};
  char first[] = "Bo", second[] = "B\u00E9";
  char *nicknames[nicknameCount] = {first, second};
  Person *person = allocate<Person>(1);
  if (person == nullptr) return nullptr;
  *person = {copyString(name), age,    true, 1.75, 72.5f, INT64_C(9007199254740991), {}, copyArray(scores, scoreCount),
             copyStrings(nicknames, nicknameCount), parent};
  for (int i = 0; i < 16; i++) person->staticBytes[i] = static_cast<uint8_t>(i * 16);
  return person;
}

extern "C" {
// A deep copy: the caller's strings and arrays end with the call.
Person *getStruct(const Person *person) {
  if (person == nullptr) return nullptr;
  Person *copy = allocate<Person>(1);
  if (copy == nullptr) return nullptr;
  *copy = *person;
  copy->name = copyString(person->name);
  if (person->scores != nullptr) copy->scores = copyArray(person->scores, scoreCount);
  if (person->nicknames != nullptr) copy->nicknames = copyStrings(person->nicknames, nicknameCount);
  copy->parent = getStruct(person->parent);
  return copy;
}

// Bob, 22, and his parent Alice, 52, who has none.
Person *createPerson() { return makePerson("Bob", 22, makePerson("Alice", 52, nullptr)); }

void freePerson(Person *person) {
  if (person == nullptr) return;
  std::free(person->name);
  std::free(person->scores);
  for (int i = 0; person->nicknames != nullptr && i < nicknameCount; i++) std::free(person->nicknames[i]);
  std::free(person->nicknames);
  freePerson(person->parent);
  std::free(person);
}

typedef void (*FunctionPointer)(int a, bool b, char *c, double d, char **e, int *f, Person *g);

// Twice, as the README's has it; what it passes is gone when the callback has returned.
void callFunction(FunctionPointer function) {
  for (int i = 0; i < 2; i++) {
    char text[] = "Hello, World!", hello[] = "Hello", world[] = "world";
    char *strings[] = {hello, world};
    int numbers[] = {101, 202, 303};
    Person *person = createPerson();
    function(100, false, text, 100.11, strings, numbers, person);
    freePerson(person);
  }
}
}
