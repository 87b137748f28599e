// simdjson On-Demand reading Binance's market messages, in the fastest way that was found for it: raw strings, and eight places of a decimal at a time.
// Built as a library; a whole batch of messages a call, so that the call costs nothing. The field values are kept, as the others keep them, and summed
// up in the same way, so that all alternatives can be checked to have read the same.
#include <simdjson.h>

#include <cstdint>
#include <cstring>
#include <string_view>

using namespace simdjson;
using u64 = uint64_t;
using i64 = int64_t;

namespace {

ondemand::parser parser;
i64 values[16];
i64 bids[32768], asks[32768];

// A decimal as 1e-8 units. Behind the point: eight bytes at once, whatever of them is a place.
i64 units(const char *text) {
  i64 whole = 0;
  for (; (unsigned char)(*text - '0') <= 9; text++) whole = whole * 10 + (*text - '0');
  if (*text != '.') return whole * 100000000;
  u64 places;
  memcpy(&places, text + 1, 8);
  u64 quote = places ^ 0x2222222222222222;
  quote = (quote - 0x0101010101010101) & ~quote & 0x8080808080808080;
  places -= 0x3030303030303030;
  if (quote) places &= ((quote & -quote) >> 7) - 1;
  places = places * 10 + (places >> 8);
  places = (((places & 0x000000FF000000FF) * 0x000F424000000064) + (((places >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >> 32;
  return whole * 100000000 + (i64)places;
}

template <class Value> i64 decimal(Value value) {
  ondemand::raw_json_string text;
  if (value.get_raw_json_string().get(text)) return 0;
  return units(text.raw());
}

template <class Value> i64 integer(Value value) {
  i64 number = 0;
  (void)value.get_int64().get(number);
  return number;
}

template <class Value> i64 flag(Value value) {
  bool yes = false;
  (void)value.get_bool().get(yes);
  return yes;
}

template <class Value> u64 text(Value value) {
  std::string_view name;
  return value.get_string().get(name) ? 0 : name.size();
}

u64 levels(ondemand::array side, i64 *words) {
  int count = 0;
  for (auto level : side)
    for (auto number : level.get_array()) words[count++] = decimal(number);
  u64 sum = 0;
  for (int i = 0; i < count; i++) sum += (u64)words[i];
  return sum;
}

u64 sides(ondemand::object &data, const char *bid, const char *ask) {
  ondemand::array side;
  u64 sum = 0;
  if (!data[bid].get_array().get(side)) sum += levels(side, bids);
  if (!data[ask].get_array().get(side)) sum += 3 * levels(side, asks);
  return sum;
}

u64 weighed(int count) {
  static const u64 weights[] = {1, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53};
  u64 sum = 0;
  for (int i = 0; i < count; i++) sum += weights[i] * (u64)values[i];
  return sum;
}

u64 message(int kind, ondemand::object &data) {
  switch (kind) {
  case 1: // aggTrade
    values[0] = integer(data["E"]) * 1000;
    text(data["s"]);
    values[1] = integer(data["a"]);
    values[2] = decimal(data["p"]);
    values[3] = decimal(data["q"]);
    values[4] = integer(data["f"]);
    values[5] = integer(data["l"]);
    values[6] = integer(data["T"]) * 1000;
    values[7] = flag(data["m"]);
    return weighed(8);
  case 2: // trade
    values[0] = integer(data["E"]) * 1000;
    text(data["s"]);
    values[1] = integer(data["t"]);
    values[2] = decimal(data["p"]);
    values[3] = decimal(data["q"]);
    values[4] = integer(data["T"]) * 1000;
    values[5] = flag(data["m"]);
    return weighed(6);
  case 3: // depth20
    values[0] = integer(data["lastUpdateId"]);
    return weighed(1) + sides(data, "bids", "asks");
  case 4: // diff
    values[0] = integer(data["E"]) * 1000;
    text(data["s"]);
    values[1] = integer(data["U"]);
    values[2] = integer(data["u"]);
    return weighed(3) + sides(data, "b", "a");
  case 5: // bookTicker
    values[0] = integer(data["u"]);
    text(data["s"]);
    values[1] = decimal(data["b"]);
    values[2] = decimal(data["B"]);
    values[3] = decimal(data["a"]);
    values[4] = decimal(data["A"]);
    return weighed(5);
  case 6: { // kline
    values[0] = integer(data["E"]) * 1000;
    text(data["s"]);
    ondemand::object candle;
    if (data["k"].get_object().get(candle)) return 0;
    values[1] = integer(candle["t"]) * 1000;
    values[2] = integer(candle["T"]) * 1000;
    text(candle["i"]);
    values[3] = integer(candle["f"]);
    values[4] = integer(candle["L"]);
    values[5] = decimal(candle["o"]);
    values[6] = decimal(candle["c"]);
    values[7] = decimal(candle["h"]);
    values[8] = decimal(candle["l"]);
    values[9] = decimal(candle["v"]);
    values[10] = integer(candle["n"]);
    values[11] = flag(candle["x"]);
    values[12] = decimal(candle["q"]);
    values[13] = decimal(candle["V"]);
    values[14] = decimal(candle["Q"]);
    return weighed(15);
  }
  case 8: // markPrice
    values[0] = integer(data["E"]) * 1000;
    text(data["s"]);
    values[1] = decimal(data["p"]);
    values[2] = decimal(data["i"]);
    values[3] = decimal(data["P"]);
    values[4] = decimal(data["r"]);
    values[5] = integer(data["T"]) * 1000;
    return weighed(6);
  default:
    return 0;
  }
}

int kind_of(std::string_view stream) {
  std::string_view kind = stream.substr(stream.find('@') + 1);
  if (kind == "bookTicker") return 5;
  if (kind == "trade") return 2;
  if (kind == "aggTrade") return 1;
  return kind.substr(0, 6) == "depth@" ? 4 : 0;
}

} // namespace

// The kinds are those of EventKind; 0 looks at each message's stream name.
extern "C" u64 simdjson_feed(int kind, const unsigned char *bytes, const int *offsets, const int *lengths, int count) {
  u64 sum = 0;
  for (int i = 0; i < count; i++) {
    padded_string_view view((const char *)bytes + offsets[i], lengths[i], lengths[i] + SIMDJSON_PADDING);
    auto document = parser.iterate(view);
    int of = kind;
    if (of == 0) {
      std::string_view stream;
      if (document["stream"].get_string().get(stream)) return 0;
      of = kind_of(stream);
    }
    ondemand::object data;
    if (document["data"].get_object().get(data)) return 0;
    sum += message(of, data);
  }
  return sum;
}
