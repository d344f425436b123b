#!/usr/bin/env bash
# TensorFlow.js skips masked padding in its recurrent layers, and then learns it and scores on it.
#
# Versions: @tensorflow/tfjs 4.22.0 on Node 20 (its cpu backend).
#
# Expected: `embedding({maskZero: true})` leaves padding out to the end, as in Keras: a recurrent layer skips it, and
#   with `returnSequences` the loss and the metrics count true timesteps only (so in Keras 3.15.1). Guessed before
#   running: so it is but in bidirectional layers, which lose the mask.
#
# What happens: recurrent layers skip it, bidirectional ones too: a true timestep has the same answer padded or alone.
#   Loss and accuracy do not. `fit` and `evaluate` average over all timesteps of the batch, so that the fill of the
#   padded targets is learnt and scored. `fit` refuses `sampleWeight`, by which it could be left out; `evaluate` takes
#   weights and does nothing with them.
#
# Seen (a tagger of four sequences, two true timesteps of eight each, all of whose true labels are 1; the first line has
#   other numbers in each run):
#   untrained: targets filled with 0: accuracy 0.375, with 1: 0.750, with 0 and weights: 0.375; of true timesteps 0.750
#   trained on fill 0: accuracy 0.875; of true timesteps 0.500
#   trained on fill 1: accuracy 1.000; of true timesteps 1.000
#
# Why it matters: sequences of uneven length are what masks are for. A tagger that is trained or checked in the
#   browser gets a good accuracy for telling padding, and unlearns the last true timestep of each sequence, whose
#   state is the one that the padding repeats. Train on batches of sequences of one length, or give `compile` a loss
#   and a metric of one's own that know padding by a value in the targets.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > said
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 > said 2>&1 || { cat said; exit 1; }

cat > finding.js <<'JS'
const assert = require('assert');
const tf = require('@tensorflow/tfjs');

const LENGTH = 2, PADDED = 8;
const ROWS = [[1, 2], [3, 4], [5, 1], [2, 3]];
const padded = (row, fill) => [...row, ...Array(PADDED - LENGTH).fill(fill)];

function tagger(bidirectional) {
  const recurrent = tf.layers.lstm({units: 8, returnSequences: true});
  const model = tf.sequential();
  const embed = {inputDim: 6, outputDim: 8, maskZero: true, batchInputShape: [null, null]};
  model.add(tf.layers.embedding(embed));
  model.add(bidirectional ? tf.layers.bidirectional({layer: recurrent, mergeMode: 'concat'}) : recurrent);
  model.add(tf.layers.dense({units: 2, activation: 'softmax'}));
  const loss = 'sparseCategoricalCrossentropy';
  model.compile({optimizer: tf.train.adam(0.05), loss, metrics: ['accuracy']});
  return model;
}

async function main() {
  await tf.setBackend('cpu');
  const x = tf.tensor2d(ROWS.map((row) => padded(row, 0)));
  const weights = tf.tensor2d(ROWS.map((row) => padded(row.map(() => 1), 0)));
  const targets = (fill) => tf.tensor3d(ROWS.map((row) => padded(row.map(() => [1]), [fill])));
  const accuracy = (model, fill, more) => model.evaluate(x, targets(fill), more)[1].dataSync()[0];
  const labels = (model) => model.predict(x).argMax(-1).arraySync();
  const share = (values) => values.filter((hit) => hit).length / values.length;
  const ofAll = (model, fill) => share(labels(model).flatMap(
      (row) => row.map((label, step) => label === (step < LENGTH ? 1 : fill))));
  const ofTrue = (model) => share(labels(model).flatMap(
      (row) => row.slice(0, LENGTH).map((label) => label === 1)));
  const shown = (value) => value.toFixed(3);
  const near = (left, right) => assert(Math.abs(left - right) < 1e-6);

  for (const bidirectional of [false, true]) {
    const model = tagger(bidirectional);
    const alone = model.predict(tf.tensor2d(ROWS));
    const among = model.predict(x).slice([0, 0, 0], [ROWS.length, LENGTH, 2]);
    near(tf.max(tf.abs(tf.sub(alone, among))).dataSync()[0], 0);
  }
  const model = tagger(false);
  const [zeros, ones] = [accuracy(model, 0), accuracy(model, 1)];
  const weighted = accuracy(model, 0, {sampleWeight: weights});
  console.log(`untrained: targets filled with 0: accuracy ${shown(zeros)}, with 1: ${shown(ones)},`,
      `with 0 and weights: ${shown(weighted)}; of true timesteps ${shown(ofTrue(model))}`);
  near(zeros, ofAll(model, 0));
  near(ones, ofAll(model, 1));
  near(weighted, zeros);
  for (const fill of [0, 1]) {
    const trained = tagger(false);
    await trained.fit(x, targets(fill), {epochs: 100, verbose: 0});
    const [said, real] = [accuracy(trained, fill), ofTrue(trained)];
    console.log(`trained on fill ${fill}: accuracy ${shown(said)}; of true timesteps ${shown(real)}`);
    near(said, ofAll(trained, fill));
    assert(fill ? real === 1 : said >= 0.87 && real <= 0.5);
  }
  await assert.rejects(tagger(false).fit(x, targets(0), {sampleWeight: weights}), /not supported/);
}
main().catch((error) => { console.error(error); process.exit(1); });
JS
node finding.js 2> said || { cat said; exit 1; }
