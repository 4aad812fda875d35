// hnswlib behind a few C functions. Nothing of it is replaced: graph, distances and walk are the headers' own.
//
// Vectors are of unit length and compared by inner product, so that the order is that of the cosine similarity.
// A row's label is its number. Functions that can fail return -1; shim_error tells why.
//
// A filter marks the rows that may not be found as deleted. The walk then goes through all rows and collects those that may be
// found: what the filter functor of later versions of hnswlib does too. The marks are set before the searches, not in their time.

#include <hnswlib/hnswlib.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <thread>
#include <vector>

namespace {

using Graph = hnswlib::HierarchicalNSW<float>;

thread_local std::string error;

struct Index {
    Index(int dimension, int rows, int m, int effort) : space(dimension), graph(&space, rows, m, effort), filtered(rows) {}
    Index(const char *path, int dimension, int rows) : space(dimension), graph(&space, path, false, rows), filtered(rows) {}

    hnswlib::InnerProductSpace space;
    Graph graph;
    std::vector<bool> filtered;
    // The rows that may be found, in the order in which they lie in memory; only while there is a filter.
    std::vector<hnswlib::tableint> eligible;
};

template <typename Body> int guarded(Body body) {
    try {
        return body();
    } catch (const std::exception &failure) {
        error = failure.what();
        return -1;
    }
}

void add_rows(Graph &graph, const float *rows, int dimension, int from, int to, std::atomic<int> &next) {
    for (int row = next++; row < to; row = next++)
        if (row >= from) graph.addPoint(rows + static_cast<size_t>(row) * dimension, row);
}

int take(std::priority_queue<std::pair<float, hnswlib::labeltype>> &found, int32_t *rows) {
    int count = static_cast<int>(found.size());
    for (int i = count - 1; i >= 0; i--, found.pop()) rows[i] = static_cast<int32_t>(found.top().second);
    return count;
}

} // namespace

extern "C" {

const char *shim_error() { return error.c_str(); }

void *shim_create(int dimension, int rows, int m, int effort) {
    try {
        return new Index(dimension, rows, m, effort);
    } catch (const std::exception &failure) {
        error = failure.what();
        return nullptr;
    }
}

void *shim_load(const char *path, int dimension, int rows) {
    try {
        return new Index(path, dimension, rows);
    } catch (const std::exception &failure) {
        error = failure.what();
        return nullptr;
    }
}

int shim_save(void *handle, const char *path) {
    return guarded([&] {
        static_cast<Index *>(handle)->graph.saveIndex(path);
        return 0;
    });
}

void shim_free(void *handle) { delete static_cast<Index *>(handle); }

// The first row alone, since an empty graph has no entry point; the others on so many threads.
int shim_build(void *handle, const float *rows, int count, int threads) {
    auto &index = *static_cast<Index *>(handle);
    return guarded([&] {
        int dimension = static_cast<int>(index.graph.data_size_ / sizeof(float));
        if (count > 0) index.graph.addPoint(rows, 0);
        std::atomic<int> next{1};
        std::atomic<bool> failed{false};
        std::vector<std::thread> others;
        for (int i = 0; i < threads; i++)
            others.emplace_back([&] {
                try {
                    add_rows(index.graph, rows, dimension, 1, count, next);
                } catch (const std::exception &) {
                    failed = true;
                }
            });
        for (auto &other : others) other.join();
        if (failed) throw std::runtime_error("a row could not be added");
        return 0;
    });
}

void shim_effort(void *handle, int effort) { static_cast<Index *>(handle)->graph.setEf(effort); }

// Best first; returns how many.
int shim_search(void *handle, const float *query, int count, int32_t *rows) {
    return guarded([&] {
        auto found = static_cast<Index *>(handle)->graph.searchKnn(query, count);
        return take(found, rows);
    });
}

// bits: one for each row, the lowest bit of a byte first; null: all rows may be found.
int shim_filter(void *handle, const uint8_t *bits) {
    auto &index = *static_cast<Index *>(handle);
    return guarded([&] {
        index.eligible.clear();
        for (size_t row = 0; row < index.filtered.size(); row++) {
            bool out = bits && !(bits[row >> 3] >> (row & 7) & 1);
            if (out && !index.filtered[row]) index.graph.markDelete(row);
            if (!out && index.filtered[row]) index.graph.unmarkDelete(row);
            index.filtered[row] = out;
            if (bits && !out) index.eligible.push_back(index.graph.label_lookup_.at(row));
        }
        std::sort(index.eligible.begin(), index.eligible.end());
        return 0;
    });
}

// The exact answer among the rows that pass the filter, by hnswlib's own distance: every one of them is compared.
int shim_scan(void *handle, const float *query, int count, int32_t *rows) {
    return guarded([&] {
        auto &index = *static_cast<Index *>(handle);
        auto &graph = index.graph;
        std::priority_queue<std::pair<float, hnswlib::labeltype>> found;
        auto compare = [&](hnswlib::tableint row) {
            float distance = graph.fstdistfunc_(query, graph.getDataByInternalId(row), graph.dist_func_param_);
            if (static_cast<int>(found.size()) == count && distance >= found.top().first) return;
            found.emplace(distance, graph.getExternalLabel(row));
            if (static_cast<int>(found.size()) > count) found.pop();
        };
        if (index.eligible.empty())
            for (hnswlib::tableint row = 0; row < graph.cur_element_count; row++) compare(row);
        else
            for (auto row : index.eligible) compare(row);
        return take(found, rows);
    });
}

// Bytes of vectors and graph as hnswlib lays them out, without its maps and locks.
int64_t shim_bytes(void *handle) {
    auto &graph = static_cast<Index *>(handle)->graph;
    int64_t bytes = static_cast<int64_t>(graph.max_elements_) * graph.size_data_per_element_;
    for (size_t row = 0; row < graph.cur_element_count; row++)
        bytes += static_cast<int64_t>(graph.element_levels_[row]) * graph.size_links_per_element_;
    return bytes;
}
}
