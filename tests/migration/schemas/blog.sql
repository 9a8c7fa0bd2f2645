-- In the manner of a widespread blogging engine: zero dates, prefix indexes, options as long texts.
CREATE TABLE wp_posts (
  ID bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  post_author bigint(20) unsigned NOT NULL DEFAULT 0,
  post_date datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  post_content longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL,
  post_title text CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL,
  post_status varchar(20) NOT NULL DEFAULT 'publish',
  post_name varchar(200) NOT NULL DEFAULT '',
  post_type varchar(20) NOT NULL DEFAULT 'post',
  comment_count bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (ID),
  KEY post_name (post_name(191)),
  KEY type_status_date (post_type, post_status, post_date, ID),
  FULLTEXT KEY search (post_title, post_content)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE wp_options (
  option_id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  option_name varchar(191) NOT NULL DEFAULT '',
  option_value longtext NOT NULL,
  autoload varchar(20) NOT NULL DEFAULT 'yes',
  PRIMARY KEY (option_id),
  UNIQUE KEY option_name (option_name),
  KEY autoload (autoload)
) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE wp_term_relationships (
  object_id bigint(20) unsigned NOT NULL DEFAULT 0,
  term_taxonomy_id bigint(20) unsigned NOT NULL DEFAULT 0,
  term_order int(11) NOT NULL DEFAULT 0,
  PRIMARY KEY (object_id, term_taxonomy_id),
  KEY term_taxonomy_id (term_taxonomy_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
INSERT INTO wp_posts (post_content, post_title, post_name) VALUES ('<!-- wp:paragraph --><p>Grüße 🐬</p>', 'Hello world!', 'hello-world'), ('', '', '');
INSERT INTO wp_posts (post_date, post_content, post_title) VALUES ('2024-02-29 12:00:00', 'a\\b', 'it''s');
INSERT INTO wp_options (option_name, option_value) VALUES ('siteurl', 'https://example.com'), ('active_plugins', 'a:1:{i:0;s:5:"hello";}');
INSERT INTO wp_term_relationships VALUES (1, 1, 0), (2, 1, 5);
-- later
UPDATE wp_posts SET comment_count = comment_count + 1, post_date = '0000-00-00 00:00:00' WHERE ID = 3;
REPLACE INTO wp_options (option_name, option_value) VALUES ('siteurl', 'https://example.org');
DELETE FROM wp_term_relationships WHERE object_id = 2;
ALTER TABLE wp_posts ADD KEY post_author (post_author);
INSERT INTO wp_posts (post_content, post_title) VALUES ('late', 'late');
